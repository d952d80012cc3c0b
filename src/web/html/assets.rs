//! What browsers load beside a page, under an address that changes with the content, so that it
//! can be kept for ever.

use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Path;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// Name, media type, content.
const ASSETS: [(&str, &str, &str); 4] = [
    ("console.css", "text/css; charset=utf-8", include_str!("../../../assets/console.css")),
    ("console.js", "text/javascript; charset=utf-8", include_str!("../../../assets/console.js")),
    ("htmx.js", "text/javascript; charset=utf-8", include_str!("../../../assets/htmx.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../../assets/icon.svg")),
];

/// The folder of the assets of this build, below `/console/assets/`.
#[must_use]
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut digest = Sha256::new();
        for (name, _, content) in ASSETS {
            digest.update(name);
            digest.update(content);
        }
        HEXLOWER.encode(&digest.finalize()).chars().take(12).collect()
    })
}

/// One of them. A page of another build asks for another version and gets what there is, to be
/// kept by nobody.
pub async fn asset(path: Path<(String, String)>) -> HttpResponse {
    let (asked, name) = path.into_inner();
    let Some((_, kind, content)) = ASSETS.iter().find(|(known, _, _)| *known == name) else {
        return HttpResponse::NotFound().finish();
    };
    let kept = match asked == version() {
        true => "public, max-age=31536000, immutable",
        false => "no-store",
    };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, kept)).content_type(*kind).body(*content)
}
