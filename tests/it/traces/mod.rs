//! What a collector of traces hears of the running program, and what happens where it hears
//! nothing.

mod faults;
mod way;

use crate::support::collector::Collector;
use crate::support::process::Vendor;

/// What the collector knows the service by; nobody else may read it.
const TOKEN: &str = "planted-token-7d1f0c";

/// From now on traces go there.
fn traced(vendor: &Vendor<'_>, collector: &Collector) {
    let url = collector.url();
    vendor.edit(|text| {
        format!(
            "{text}\n[telemetry]\notlp_url = \"{url}\"\n\
             otlp_headers = \"authorization=Bearer {TOKEN}\"\nservice_name = \"keys-of-acme\"\n"
        )
    });
}
