//! A collector that is away, slow or faulty: nobody notices but who looks at the figures.

use std::time::{Duration, Instant};

use super::traced;
use crate::support::collector::Collector;
use crate::support::databases::Database;
use crate::support::listener::Reply;
use crate::support::process::{Node, Vendor, settled, until};

/// The longest answer to a webhook that any sender waits for gladly, on a busy machine.
const SOON: Duration = Duration::from_secs(3);

/// Sends a purchase; every answer is a 200, and comes soon.
async fn purchase(vendor: &Vendor<'_>, node: &Node, tag: &str) {
    for sample in vendor.events("stripe", tag, "purchase") {
        let since = Instant::now();
        assert_eq!(node.send("stripe", &sample).await.status, 200);
        assert!(since.elapsed() < SOON, "answered after {:?}", since.elapsed());
    }
}

fn figure(node: &Node, name: &str) -> u64 {
    let (status, figures) = node.get("/metrics");
    assert_eq!(status, 200);
    let line = figures.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |value| value.trim().parse().unwrap())
}

/// Ends the service, which waits two seconds for its collector and no longer.
fn ends_in_time(vendor: &Vendor<'_>, node: Node) {
    let since = Instant::now();
    assert!(node.terminate(), "{}", vendor.log());
    assert!(since.elapsed() < Duration::from_secs(8), "it took {:?}", since.elapsed());
}

/// Lines of the log that tell of the collector.
fn lines(vendor: &Vendor<'_>) -> usize {
    vendor.log().lines().filter(|line| line.contains("traces do not get to the collector")).count()
}

on_both! {
    async fn what_a_collector_refuses_is_dropped_counted_and_told_of_once(db: Database) {
        let collector = Collector::start([]).await;
        collector.always(Reply::Status(500));
        let vendor = Vendor::new(&db);
        traced(&vendor, &collector);
        let node = vendor.serve();
        for tag in ["one", "two"] {
            purchase(&vendor, &node, tag).await;
            let before = collector.heard().len();
            until("its spans were offered", async || collector.heard().len() > before).await;
        }
        settled(&vendor.store()).await;
        let dropped = "keywright_spans_dropped_total{reason=\"not_taken\"}";
        until("they are counted", async || figure(&node, dropped) > 0).await;
        assert_eq!(figure(&node, "keywright_spans_exported_total"), 0);
        assert_eq!(lines(&vendor), 1, "{}", vendor.log());
        ends_in_time(&vendor, node);
    }

    async fn one_that_is_busy_is_asked_again_and_gets_everything(db: Database) {
        let collector = Collector::start([Reply::Status(503)]).await;
        let vendor = Vendor::new(&db);
        traced(&vendor, &collector);
        let node = vendor.serve();
        purchase(&vendor, &node, "again").await;
        until("it was taken", async || figure(&node, "keywright_spans_exported_total") > 0).await;
        let heard = collector.heard();
        assert_eq!(heard[0].body, heard[1].body, "the same spans, once more");
        assert!(!node.get("/metrics").1.contains("keywright_spans_dropped_total"));
        ends_in_time(&vendor, node);
    }

    async fn one_that_never_answers_delays_nobody(db: Database) {
        let collector = Collector::start([]).await;
        collector.always(Reply::Never);
        let vendor = Vendor::new(&db);
        traced(&vendor, &collector);
        let node = vendor.serve();
        purchase(&vendor, &node, "patience").await;
        until("it hangs", async || !collector.heard().is_empty()).await;
        purchase(&vendor, &node, "meanwhile").await;
        settled(&vendor.store()).await;
        ends_in_time(&vendor, node);
        assert!(vendor.log().contains("were not exported before the end"), "{}", vendor.log());
    }

    async fn one_that_is_not_there_delays_nobody(db: Database) {
        let vendor = Vendor::new(&db);
        // A port that was free a moment ago: nobody listens there.
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        drop(taken);
        let url = format!("http://{address}");
        let node = vendor.serve_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]);
        purchase(&vendor, &node, "alone").await;
        settled(&vendor.store()).await;
        until("it is told of", async || lines(&vendor) == 1).await;
        ends_in_time(&vendor, node);
    }

    async fn the_variables_of_opentelemetry_lead_to_the_collector_and_can_be_switched_off(db: Database) {
        let collector = Collector::start([]).await;
        let url = collector.url();
        let vendor = Vendor::new(&db);
        let machine = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())];
        let node = vendor.serve_with(&[machine[0], ("OTEL_SDK_DISABLED", "true")]);
        purchase(&vendor, &node, "off").await;
        settled(&vendor.store()).await;
        ends_in_time(&vendor, node);
        assert_eq!(collector.heard().len(), 0, "no connection was made");

        let marked = ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=shop");
        let node = vendor.serve_with(&[machine[0], marked]);
        purchase(&vendor, &node, "on").await;
        let span = collector.span("webhook", |span| span.says("outcome") == "kept").await;
        assert_eq!(span.resource["service.name"], "keywright");
        assert_eq!(span.resource["deployment.environment.name"], "shop");
        assert_eq!(span.resource["service.version"], env!("CARGO_PKG_VERSION"));
        ends_in_time(&vendor, node);
    }

    async fn without_a_share_nothing_is_sent(db: Database) {
        let collector = Collector::start([]).await;
        let vendor = Vendor::new(&db);
        traced(&vendor, &collector);
        let node = vendor.serve_with(&[("KEYWRIGHT__TELEMETRY__SAMPLE", "0")]);
        purchase(&vendor, &node, "none").await;
        settled(&vendor.store()).await;
        ends_in_time(&vendor, node);
        assert_eq!(collector.heard().len(), 0);
    }
}
