//! Pairs that programs hand in: scored and explained, not kept.

use std::sync::Arc;

use axum::extract::multipart::{Field, MultipartRejection};
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rating::decode::{decode, pixel_hash};
use rating::heatmap::caption;
use rating::{Origin, Pair, Protocol, Roi, View};
use serde_json::{Value, json};

use super::answers::desk;
use crate::answers::{self, Step};
use crate::pairs::Hash;
use crate::people::Person;
use crate::readings;
use crate::refusal::Refusal;
use crate::room::Room;
use crate::store::Actor;
use crate::web::App;
use crate::web::access::Caller;

/// Most bytes of one image file.
const LARGEST_FILE: usize = 64 << 20;
/// Most bytes of a whole request.
pub(in crate::web) const LARGEST_REQUEST: usize = 160 << 20;
/// Most bytes of a field that is no file.
const LARGEST_WORD: usize = 200;

/// The grades of an uploaded pair. Fields: for each modality its file, and
/// `MODALITY_roi` with `left,top,right,bottom`.
pub(in crate::web) async fn score(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Json<Value>, Refusal> {
    answer(&app, caller.person, multipart, false).await
}

/// The same with heatmaps; field `mode`: `fast` (as without it) or `exact`.
pub(in crate::web) async fn explain(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Json<Value>, Refusal> {
    answer(&app, caller.person, multipart, true).await
}

async fn answer(
    app: &App,
    person: Person,
    multipart: Result<Multipart, MultipartRejection>,
    explains: bool,
) -> Result<Json<Value>, Refusal> {
    let room = &app.room;
    let desk = desk(room)?;
    let _door = desk.door()?;
    let multipart = multipart.map_err(|_| {
        Refusal::malformed("Send the images as multipart/form-data: one file for each modality.")
    })?;
    let upload = read(multipart, &room.protocol).await?;
    let step = match (explains, upload.is_exact) {
        (false, _) => Step::Score,
        (true, false) => Step::Fast,
        (true, true) => Step::Exact,
    };
    let protocol = room.protocol.clone();
    let decoded = tokio::task::spawn_blocking(move || decoded(&upload, &protocol));
    let (pair, pixels) = decoded.await.map_err(Refusal::broken)??;
    let origin = admit(room, person, pixels, step).await?;
    let rois: Vec<Roi> = pair.views().iter().map(View::roi).collect();
    let (scored, explanation) = desk.ask(pair, origin, step).await?;

    let mut told = answers::grades(&room.protocol, &scored);
    told["schema"] = json!("rating.answer/1");
    told["research_use_only"] = json!(true);
    told["bundle"] = json!(desk.identity().bundle);
    if let Some(explanation) = explanation {
        let mut maps = Vec::new();
        for (position, &modality) in explanation.modalities.iter().enumerate() {
            let png =
                answers::veil(&explanation.shown(position), explanation.side_px, rois[modality])?;
            maps.push(json!({
                "modality": room.protocol.modalities()[modality].name,
                "roi": rois[modality],
                "png_base64": STANDARD.encode(png),
            }));
        }
        told["heatmap"] =
            json!({ "state": step.word(), "caption": caption(&room.protocol), "maps": maps });
    }
    Ok(Json(told))
}

/// Writes down who asks about what, and refuses what may not be told.
async fn admit(
    room: &Arc<Room>,
    person: Person,
    pixels: Vec<Hash>,
    step: Step,
) -> Result<Origin, Refusal> {
    let known = Arc::clone(room);
    let admitted = room.store.write(Actor::Person(person.id), move |change| {
        let bundle = desk(&known)?.identity().bundle.clone();
        let hex = |hash: &Hash| blake3::Hash::from_bytes(*hash).to_hex().to_string();
        let hashes: Vec<String> = pixels.iter().map(hex).collect();
        let (pairs, origin) = match answers::admit(change, &person, &pixels, change.now) {
            Ok(admitted) => admitted,
            Err(refusal) if refusal.status == StatusCode::FORBIDDEN => {
                let after = json!({ "pixels": hashes, "why": refusal.what });
                change.tell("upload.refused", "upload", (), after)?;
                return Ok(Err(refusal));
            }
            Err(refusal) => return Err(refusal),
        };
        // Pixels of a pair here: it is the answer about that pair that is shown.
        for pair in pairs {
            readings::reveal(change, pair, person.id, "grades", &bundle)?;
            if step > Step::Score {
                readings::reveal(change, pair, person.id, "heatmap", &bundle)?;
            }
        }
        let after = json!({ "pixels": hashes, "step": step.word(), "bundle": bundle });
        change.tell("upload.scored", "upload", (), after)?;
        Ok(Ok(origin))
    });
    admitted.await?
}

/// What was handed in, one file and one ROI for each modality.
struct Upload {
    files: Vec<Vec<u8>>,
    rois: Vec<Roi>,
    is_exact: bool,
}

async fn read(mut multipart: Multipart, protocol: &Protocol) -> Result<Upload, Refusal> {
    let names: Vec<&str> = protocol.modalities().iter().map(|known| known.name.as_str()).collect();
    let mut files: Vec<Option<Vec<u8>>> = vec![None; names.len()];
    let mut rois: Vec<Option<Roi>> = vec![None; names.len()];
    let mut is_exact = false;
    while let Some(field) = multipart.next_field().await.map_err(|error| cut_short(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        let is = |known: &&str| **known == name;
        let is_roi = |known: &&str| name.strip_suffix("_roi") == Some(*known);
        if let Some(position) = names.iter().position(is) {
            files[position] = Some(bytes(field, &name, LARGEST_FILE).await?);
        } else if let Some(position) = names.iter().position(is_roi) {
            rois[position] = Some(roi(&bytes(field, &name, LARGEST_WORD).await?, &name)?);
        } else if name == "mode" {
            is_exact = match bytes(field, &name, LARGEST_WORD).await?.as_slice() {
                b"fast" => false,
                b"exact" => true,
                _ => return Err(Refusal::malformed("The mode is fast or exact.")),
            };
        } else {
            let fields = names.join(", ");
            let what = format!("Fields are {fields}, each with its _roi, and mode.");
            return Err(Refusal::malformed(what));
        }
    }
    let files: Option<Vec<Vec<u8>>> = files.into_iter().collect();
    let rois: Option<Vec<Roi>> = rois.into_iter().collect();
    let (Some(files), Some(rois)) = (files, rois) else {
        let what = format!("One file and one _roi are needed for each of {}.", names.join(", "));
        return Err(Refusal::malformed(what));
    };
    Ok(Upload { files, rois, is_exact })
}

/// A field, as long as it is not too large.
async fn bytes(mut field: Field<'_>, name: &str, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| cut_short(&error))? {
        if bytes.len() + chunk.len() > most {
            let what = format!("Field {name} has more than {most} bytes.");
            return Err(Refusal::too_large(what));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn cut_short(error: &axum::extract::multipart::MultipartError) -> Refusal {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Refusal::too_large(format!("A request has at most {} MiB.", LARGEST_REQUEST >> 20));
    }
    Refusal::malformed("The upload is cut short or damaged.")
}

/// `left,top,right,bottom`.
fn roi(text: &[u8], name: &str) -> Result<Roi, Refusal> {
    let wrong = || Refusal::malformed(format!("{name} is left,top,right,bottom in pixels."));
    let text = std::str::from_utf8(text).map_err(|_| wrong())?;
    let sides: Result<Vec<i64>, _> = text.split(',').map(|side| side.trim().parse()).collect();
    let sides: [i64; 4] = sides.ok().and_then(|sides| sides.try_into().ok()).ok_or_else(wrong)?;
    Roi::new(sides).map_err(|problem| Refusal::unfit(format!("{problem}.")))
}

fn decoded(upload: &Upload, protocol: &Protocol) -> Result<(Pair, Vec<Hash>), Refusal> {
    let unfit = |problem: rating::Problem| Refusal::unfit(format!("{problem}."));
    let mut views = Vec::new();
    let mut pixels = Vec::new();
    for ((file, roi), modality) in upload.files.iter().zip(&upload.rois).zip(protocol.modalities())
    {
        let image = decode(file).map_err(|problem| unfit(problem.in_file(&modality.name)))?.image;
        pixels.push(pixel_hash(&image));
        views.push(
            View::new(image, *roi).map_err(|problem| unfit(problem.in_file(&modality.name)))?,
        );
    }
    Ok((Pair::new("upload", views, protocol).map_err(unfit)?, pixels))
}
