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
use rating_frozen::Explanation;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::answers::desk;
use crate::answers::{self, Step};
use crate::pairs::Hash;
use crate::people::Person;
use crate::readings;
use crate::refusal::Refusal;
use crate::room::Room;
use crate::schema::{File, Rectangle};
use crate::store::Actor;
use crate::web::App;
use crate::web::access::Caller;

/// Most bytes of one image file.
const LARGEST_FILE: usize = 64 << 20;
/// Most bytes of a whole request.
pub(in crate::web) const LARGEST_REQUEST: usize = 160 << 20;
/// Most bytes of a field that is no file.
const LARGEST_WORD: usize = 200;

/// What is sent for a pair of the protocol EOSS. In another protocol: the file
/// of each of its modalities, and `MODALITY_roi`.
#[derive(ToSchema)]
#[allow(dead_code)]
struct PairUpload {
    /// PNG, JPEG or TIFF, at most 64 MiB.
    #[schema(value_type = File)]
    grayscale: (),
    /// The Doppler image of the same joint.
    #[schema(value_type = File)]
    doppler: (),
    /// `left,top,right,bottom` in stored pixels; right and bottom exclusive.
    #[schema(examples("120,40,480,300"))]
    grayscale_roi: String,
    /// The same for the Doppler image.
    #[schema(examples("120,40,480,300"))]
    doppler_roi: String,
    /// For explain: `fast` (as without it) or `exact`.
    mode: Option<String>,
}

/// What is said about a pair that was handed in.
#[derive(Serialize, ToSchema)]
#[schema(as = ScoredUpload)]
pub(in crate::web) struct Scored {
    /// `rating.answer/1`.
    schema: &'static str,
    /// Always: research use only, not for diagnosis.
    research_use_only: bool,
    /// BLAKE3 hash of the bundle that answers.
    bundle: String,
    /// Heatmaps, from explain.
    #[serde(skip_serializing_if = "Option::is_none")]
    heatmap: Option<Explained>,
    #[serde(flatten)]
    graded: answers::Graded,
}

/// Heatmaps of a pair that was handed in.
#[derive(Serialize, ToSchema)]
struct Explained {
    /// `fast` or `exact`.
    state: &'static str,
    /// What must stand under every heatmap.
    caption: Option<String>,
    /// One for each modality explained.
    maps: Vec<Map>,
}

/// A heatmap.
#[derive(Serialize, ToSchema)]
#[schema(as = HeatmapImage)]
struct Map {
    /// Of which image.
    modality: String,
    /// Where it lies.
    #[schema(value_type = Rectangle)]
    roi: Roi,
    /// A PNG of the ROI's size, yellow, as opaque as the map.
    #[schema(content_encoding = "base64", content_media_type = "image/png")]
    png_base64: String,
}

/// Scores a pair that is handed in, and keeps nothing of it.
///
/// Refused for pixels under an embargo, for pixels of a pair whose answer is not
/// for the caller yet, and while pairs wait for the caller's own reading.
#[utoipa::path(post, path = "/api/v1/score", tag = "score and explain",
    request_body(content = PairUpload, content_type = "multipart/form-data"),
    responses((status = 200, body = Scored, description = "Grades, votes, probabilities."),
        (status = 400), (status = 404), (status = 413), (status = 422)))]
pub(in crate::web) async fn score(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Json<Scored>, Refusal> {
    answer(&app, caller.person, multipart, false).await
}

/// Scores a pair that is handed in and explains the scores by heatmaps.
///
/// As for score; heatmaps take seconds (`fast`) to minutes (`exact`). Whoever
/// hangs up cancels the work.
#[utoipa::path(post, path = "/api/v1/explain", tag = "score and explain",
    request_body(content = PairUpload, content_type = "multipart/form-data"),
    responses((status = 200, body = Scored, description = "Grades and heatmaps."),
        (status = 400), (status = 404), (status = 413), (status = 422)))]
pub(in crate::web) async fn explain(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    multipart: Result<Multipart, MultipartRejection>,
) -> Result<Json<Scored>, Refusal> {
    answer(&app, caller.person, multipart, true).await
}

async fn answer(
    app: &App,
    person: Person,
    multipart: Result<Multipart, MultipartRejection>,
    explains: bool,
) -> Result<Json<Scored>, Refusal> {
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

    let heatmap = explanation.map(|explanation| {
        let maps = maps(&room.protocol, &explanation, &rois)?;
        Ok::<_, Refusal>(Explained { state: step.word(), caption: caption(&room.protocol), maps })
    });
    Ok(Json(Scored {
        schema: answers::SCHEMA,
        research_use_only: true,
        bundle: desk.identity().bundle.clone(),
        heatmap: heatmap.transpose()?,
        graded: answers::grades(&room.protocol, &scored),
    }))
}

fn maps(protocol: &Protocol, explanation: &Explanation, rois: &[Roi]) -> Result<Vec<Map>, Refusal> {
    let mut maps = Vec::new();
    for (position, &modality) in explanation.modalities.iter().enumerate() {
        let roi = rois[modality];
        let png = answers::veil(&explanation.shown(position), explanation.side_px, roi)?;
        let name = protocol.modalities()[modality].name.clone();
        maps.push(Map { modality: name, roi, png_base64: STANDARD.encode(png) });
    }
    Ok(maps)
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
