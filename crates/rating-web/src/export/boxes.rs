//! ROI rectangles of settled pairs in the formats of other annotation tools.

use std::fmt::Write as _;

use rating::{Origin, Protocol};
use serde_json::{Map, Value, json};

use super::{Exported, Selection, image_path};

/// COCO: one image for each image of a pair, one annotation of the category
/// `roi` on each; `bbox` is left, top, width, height in pixels. Pair, modality
/// and settled grades are in `attributes`.
#[must_use]
pub fn coco(selection: &Selection, protocol: &Protocol) -> Value {
    let (mut images, mut annotations) = (Vec::new(), Vec::new());
    for one in &selection.exported {
        for (at, (view, roi)) in one.pair.views.iter().zip(&one.rois).enumerate() {
            let id = images.len() + 1;
            images.push(json!({
                "id": id,
                "file_name": image_path(protocol, &one.pair, at),
                "width": view.width,
                "height": view.height,
            }));
            annotations.push(json!({
                "id": id,
                "image_id": id,
                "category_id": 1,
                "bbox": [roi.left(), roi.top(), roi.width(), roi.height()],
                "area": u64::from(roi.width()) * u64::from(roi.height()),
                "segmentation": [],
                "iscrowd": 0,
                "attributes": attributes(one, protocol, at),
            }));
        }
    }
    // The most doubtful one wins (contract).
    let origin = selection.exported.iter().map(|one| one.pair.row.origin).max();
    json!({
        "info": {
            "schema": "rating.coco/1",
            "description": "ROI rectangles and settled grades. Research use only, not for diagnosis.",
            "research_use_only": true,
            "origin": origin.map(Origin::word),
            "protocol": protocol.name(),
        },
        "licenses": [],
        "categories": [{ "id": 1, "name": "roi", "supercategory": "joint" }],
        "images": images,
        "annotations": annotations,
    })
}

fn attributes(one: &Exported, protocol: &Protocol, modality: usize) -> Map<String, Value> {
    let mut attributes = Map::new();
    attributes.insert("pair_id".to_owned(), json!(one.pair.row.pair_id));
    let name = protocol.modalities().get(modality).map(|known| &known.name);
    attributes.insert("modality".to_owned(), json!(name));
    attributes.insert("origin".to_owned(), json!(one.pair.row.origin.to_string()));
    for (measurement, grade) in protocol.measurements().iter().zip(&one.grades) {
        attributes.insert(measurement.name.clone(), json!(grade));
    }
    attributes
}

/// Pascal VOC: name and text of one XML file for each image. VOC counts pixels
/// from 1 and names the last one inside, so `xmin = left + 1` and `xmax = right`.
#[must_use]
pub fn voc(selection: &Selection, protocol: &Protocol) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for one in &selection.exported {
        for at in 0..one.pair.views.len().min(one.rois.len()) {
            let image = image_path(protocol, &one.pair, at);
            let stem = image.trim_start_matches("images/").trim_end_matches(".png");
            files.push((format!("voc/{stem}.xml"), annotation(one, protocol, at, stem)));
        }
    }
    files
}

fn annotation(one: &Exported, protocol: &Protocol, at: usize, stem: &str) -> String {
    let (view, roi) = (&one.pair.views[at], one.rois[at]);
    let (width, height, origin) = (view.width, view.height, one.pair.row.origin);
    let [left, top, right, bottom] = [roi.left() + 1, roi.top() + 1, roi.right(), roi.bottom()];
    let mut known = String::new();
    for (name, value) in attributes(one, protocol, at) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (name, value) = (escaped(&name), escaped(&value));
        let _ = write!(
            known,
            "\n      <attribute><name>{name}</name><value>{value}</value></attribute>"
        );
    }
    let stem = escaped(stem);
    format!(
        "<annotation>
  <folder>images</folder>
  <filename>{stem}.png</filename>
  <source><database>RATING, {origin}; research use only, not for diagnosis</database></source>
  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>
  <segmented>0</segmented>
  <object>
    <name>roi</name>
    <pose>Unspecified</pose>
    <truncated>0</truncated>
    <difficult>0</difficult>
    <bndbox><xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox>
    <attributes>{known}
    </attributes>
  </object>
</annotation>
"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
