//! How values of other crates look in JSON, for the description of the
//! interface (`web::openapi`).

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A rectangle of an image: `rating::Roi`.
pub(crate) struct Rectangle;

impl PartialSchema for Rectangle {
    fn schema() -> RefOr<Schema> {
        let side = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        ArrayBuilder::new()
            .items(side)
            .min_items(Some(4))
            .max_items(Some(4))
            .description(Some(
                "Left, top, right, bottom in pixels of the image as it is shown; right and bottom lie just outside.",
            ))
            .examples([serde_json::json!([120, 40, 480, 300])])
            .into()
    }
}

impl ToSchema for Rectangle {}

/// The bytes of a file.
pub(crate) struct File;

impl PartialSchema for File {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for File {}

/// Where pixels, and so whatever is said about them, come from: `rating::Origin`.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code)]
pub(crate) enum Origin {
    /// Images of patients.
    Clinical,
    /// Drawn joints: nothing said about them says anything about patients.
    Phantom,
    /// No network computed it.
    Canned,
}
