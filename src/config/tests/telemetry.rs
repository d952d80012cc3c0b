//! Where traces go: what a vendor writes, and what his machine is set up with.

use super::Desk;
use crate::config::Telemetry;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TOKEN: &str = "authorization=Bearer%207d1f0c";

fn told(desk: &Desk) -> Telemetry {
    let config = desk.load().unwrap_or_else(|faults| panic!("{faults}"));
    config.telemetry.expect("traces are exported")
}

fn url(desk: &Desk) -> String {
    told(desk).traces_url.to_string()
}

fn headers(desk: &Desk) -> Vec<(String, String)> {
    let headers = told(desk).headers.into_iter();
    headers.map(|(name, value)| (name, value.expose().to_owned())).collect()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn nothing_is_exported_unless_somebody_says_where_to() {
    for text in ["", "[telemetry]\nservice_name = \"keys\"\nsample = 0.5\n"] {
        let desk = Desk::with(text).variable("OTEL_SERVICE_NAME", "keys");
        let desk = desk.variable("OTEL_EXPORTER_OTLP_HEADERS", TOKEN).variable(ENDPOINT, " ");
        assert!(desk.load().unwrap().telemetry.is_none());
    }
    let desk = Desk::with("").variable(ENDPOINT, "http://collector:4318");
    assert!(desk.variable("OTEL_SDK_DISABLED", "true").load().unwrap().telemetry.is_none());
}

#[test]
fn a_collector_is_named_by_its_base_or_by_its_whole_address() {
    for (written, meant) in [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("https://gateway.example/otlp", "https://gateway.example/otlp/v1/traces"),
        ("https://gateway.example/otlp/v1/traces/", "https://gateway.example/otlp/v1/traces"),
        ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
    ] {
        assert_eq!(url(&Desk::with(&format!("[telemetry]\notlp_url = \"{written}\""))), meant);
    }
    let plain = told(&Desk::with("[telemetry]\notlp_url = \"http://collector:4318\"\nsample = 1"));
    assert_eq!((plain.service_name.as_str(), plain.sample), ("keywright", 1.0));
    assert!(plain.headers.is_empty());
}

#[test]
fn headers_are_written_as_opentelemetry_writes_them_or_stand_in_a_file() {
    let desk = Desk::with(
        "[telemetry]\notlp_url = \"https://a.example\"\n\
         otlp_headers = \"Authorization=Bearer%20a%2Cb==, x-team = licenses,\"\n",
    );
    assert_eq!(headers(&desk), [pair("authorization", "Bearer a,b=="), pair("x-team", "licenses")]);
    let desk = Desk::with("");
    let file = desk.file("headers", "authorization=Bearer 7d1f0c\r\nx-team=licenses\n");
    desk.file(
        "keywright.toml",
        &format!("[telemetry]\notlp_url = \"https://a.example\"\notlp_headers_file = {file:?}\n"),
    );
    assert_eq!(
        headers(&desk),
        [pair("authorization", "Bearer 7d1f0c"), pair("x-team", "licenses")]
    );
}

#[test]
fn the_variables_of_opentelemetry_count_where_nothing_else_is_said() {
    let machine = |text: &str| {
        Desk::with(text)
            .variable(ENDPOINT, "http://collector:4318")
            .variable("OTEL_EXPORTER_OTLP_HEADERS", TOKEN)
            .variable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
            .variable("OTEL_SERVICE_NAME", "keys")
            .variable("OTEL_LOG_LEVEL", "debug")
    };
    let desk = machine("");
    assert_eq!(url(&desk), "http://collector:4318/v1/traces");
    assert_eq!(headers(&desk), [pair("authorization", "Bearer 7d1f0c")]);
    assert_eq!(told(&desk).service_name, "keys");
    let desk = desk.variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:4318/v1/traces");
    assert_eq!(url(&desk), "http://t:4318/v1/traces");

    // The file comes first, and the token of the machine's collector stays with that one.
    let desk = machine("[telemetry]\notlp_url = \"http://other:4318\"\nservice_name = \"ours\"\n");
    assert_eq!(url(&desk), "http://other:4318/v1/traces");
    assert_eq!((headers(&desk), told(&desk).service_name.as_str()), (vec![], "ours"));

    let desk = machine("").variable("KEYWRIGHT__TELEMETRY__OTLP_URL", "http://third:4318");
    let desk = desk.variable("KEYWRIGHT__TELEMETRY__SAMPLE", "0.25");
    assert_eq!(url(&desk), "http://third:4318/v1/traces");
    assert_eq!(told(&desk).sample, 0.25);
}

#[test]
fn each_fault_names_its_key_or_variable_and_what_would_be_right() {
    for (text, fault) in [
        ("otlp_url = \"collector:4318\"", "telemetry.otlp_url: is no address of a collector"),
        ("otlp_url = \"http://u:hunter22@c:4318\"", "otlp_url: is no address of a collector"),
        ("otlp_url = \"https://c/?key=hunter22\"", "otlp_url: is no address of a collector"),
        ("otlp_headers = \"hunter22\"", "telemetry.otlp_headers: is no list of headers; write"),
        ("otlp_headers = \"a b=hunter22\"", "telemetry.otlp_headers: is no list of headers; write"),
        ("otlp_headers = \"a=hunter22%0D%0A\"", "otlp_headers: is no list of headers; write"),
        ("otlp_headers_file = \"/nowhere\"", "otlp_headers_file: names /nowhere, which cannot"),
        ("service_name = \" \"", "telemetry.service_name: is no name; write keywright"),
        ("sample = 1.5", "telemetry.sample: is no share; write 1.0 for every trace"),
        ("sample = -0.1", "telemetry.sample: is no share"),
        ("sample = \"all\"", "telemetry.sample: is a text; write a number, as in 0.5"),
        ("otlp_uri = \"http://c\"", "telemetry.otlp_uri: is not a known key; did you mean"),
    ] {
        let faults = Desk::with(&format!("[telemetry]\n{text}\n")).faults();
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        assert!(faults[0].contains(fault), "{text}: {faults:?}");
        assert!(!faults[0].contains("hunter22"), "{text}: {faults:?}");
    }
    let faults = Desk::with("").variable(ENDPOINT, "collector").faults();
    assert!(
        faults[0].starts_with("OTEL_EXPORTER_OTLP_ENDPOINT: telemetry.otlp_url: is no address"),
        "{faults:?}"
    );
    let faults = Desk::with("").variable("KEYWRIGHT__TELEMETRY__SAMPLE", "nan").faults();
    assert!(faults[0].contains("telemetry.sample: is a text; write a number"), "{faults:?}");
    let grpc = Desk::with("").variable(ENDPOINT, "http://collector:4317");
    let faults = grpc.variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc").faults();
    assert!(faults[0].contains("OTEL_EXPORTER_OTLP_PROTOCOL: asks for grpc"), "{faults:?}");
}

#[test]
fn a_token_on_an_open_way_and_the_port_of_grpc_are_worth_a_word() {
    let warnings = |url: &str| {
        let text = format!("[telemetry]\notlp_url = \"{url}\"\notlp_headers = \"{TOKEN}\"\n");
        let warnings = Desk::with(&text).warnings();
        let about = warnings.into_iter().filter(|warning| warning.starts_with("telemetry."));
        about.collect::<Vec<_>>()
    };
    assert!(warnings("http://collector:4318")[0].contains("otlp_headers travels readable"));
    assert!(warnings("https://collector:4317")[0].contains("4317, where collectors take gRPC"));
    assert_eq!(warnings("https://collector:4318"), [""; 0]);
    assert_eq!(warnings("http://127.0.0.1:4318"), [""; 0]);
}
