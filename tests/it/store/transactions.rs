//! All or nothing, and never in doubt without saying so.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use keywright::store::{DatabaseUrl, Options, Store, StoreError, Tx};

use super::{event, keep, later, noon};
use crate::support::databases::Database;

on_both! {
    async fn of_nodes_that_say_it_first_one_is_believed_by_all(db: Database) {
        let nodes = [db.node().await, db.node().await];
        let says = |n: usize| {
            let (store, own) = (nodes[n % 2].clone(), format!("node {n}"));
            async move { store.run("say", move |tx| tx.meta_first("who", &own)).await.unwrap() }
        };
        let at_once: tokio::task::JoinSet<String> = (0..8).map(says).collect();
        let said = at_once.join_all().await;
        let first = meta(&nodes[0], "who").await.unwrap();
        assert!(said.iter().all(|one| *one == first), "{said:?}");
        assert_eq!(says(8).await, first);
    }

    async fn work_that_fails_leaves_no_trace_and_the_others_stay(db: Database) {
        let store = db.node().await;
        let works: Vec<_> = (0..30)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    store
                        .run("work", move |tx| {
                            tx.meta_put(&format!("key {n}"), "set")?;
                            if n % 3 == 0 {
                                return Err(StoreError::Refused("no".to_owned()));
                            }
                            Ok(())
                        })
                        .await
                })
            })
            .collect();
        for (n, work) in works.into_iter().enumerate() {
            assert_eq!(work.await.unwrap().is_err(), n % 3 == 0);
        }
        for n in 0..30 {
            assert_eq!(meta(&store, &format!("key {n}")).await.is_none(), n % 3 == 0, "{n}");
        }
    }

    async fn what_is_kept_beside_work_that_fails_is_kept_once(db: Database) {
        let store = db.node().await;
        let (gate, held) = std::sync::mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        // While this runs, the others come together behind it.
        let first = store.run("held", move |_| {
            let _ = held.lock().unwrap().recv();
            Ok(())
        });
        let one = |n: u32| keep(&store, vec![event("stripe", &format!("evt_{n}"), "x")]);
        let done = store.run("done", |tx| tx.meta_put("done", "set"));
        let fails = store.run("fails", |tx| {
            tx.meta_put("failed", "set")?;
            Err::<(), _>(StoreError::Refused("no".to_owned()))
        });
        let (first, a, b, c, done, failed, ()) = tokio::join! {
            biased;
            first, one(1), one(2), one(3), done, fails, async { drop(gate) }
        };
        first.unwrap();
        done.unwrap();
        assert!(failed.is_err());
        assert!([a, b, c].iter().all(|kept| kept.len() == 1));
        assert_eq!(store.read("count", |tx| tx.event_counts()).await.unwrap().pending, 3);
        assert_eq!(meta(&store, "done").await.as_deref(), Some("set"));
        assert_eq!(meta(&store, "failed").await, None);
    }

    async fn what_somebody_waits_for_goes_before_a_backlog(db: Database) {
        let place = place_of_the_one(&one_hand(&db).await, Line::Awaited).await;
        assert!(place < 12, "{place}");
    }

    async fn a_backlog_gets_on_however_many_wait(db: Database) {
        let place = place_of_the_one(&one_hand(&db).await, Line::Background).await;
        assert!(place < 20, "{place}");
    }

    async fn work_that_hides_a_failed_statement_is_not_committed(db: Database) {
        let store = db.node().await;
        let outcome = store
            .run("work", |tx| {
                tx.meta_put("before", "set")?;
                // There is no such sale, and PostgreSQL would commit nothing of what follows.
                let _ = tx.refs_tie("stripe", true, &["order:1".to_owned()], 4711);
                tx.meta_put("after", "set").or(Ok(()))
            })
            .await;
        assert!(outcome.is_err(), "{outcome:?}");
        assert_eq!(meta(&store, "before").await, None);
    }

    async fn an_update_that_hit_nothing_is_an_answer_and_spoils_nothing(db: Database) {
        let store = db.node().await;
        let answer = store
            .run("work", |tx| {
                let answer = tx.event_ignore(4711, "not of interest");
                tx.meta_put("after", "set")?;
                Ok(answer)
            })
            .await
            .unwrap();
        assert!(matches!(answer, Err(StoreError::Conflict { .. })));
        assert_eq!(meta(&store, "after").await.as_deref(), Some("set"));
    }

    async fn work_that_panics_is_taken_back_and_the_store_goes_on(db: Database) {
        let store = db.node().await;
        let outcome: Result<(), _> = store
            .run("explosive", |tx| {
                tx.meta_put("half", "done")?;
                panic!("a poisonous event");
            })
            .await;
        assert_eq!(outcome, Err(StoreError::Panicked("explosive")));
        assert_eq!(meta(&store, "half").await, None);
        store.run("work", |tx| tx.meta_put("whole", "done")).await.unwrap();
    }

    async fn a_rehearsal_tells_what_would_happen_and_changes_nothing(db: Database) {
        let store = db.node().await;
        let seen = store
            .rehearse("work", |tx| {
                tx.meta_put("key", "set")?;
                tx.meta_get("key")
            })
            .await;
        assert_eq!(seen.unwrap().as_deref(), Some("set"));
        assert_eq!(meta(&store, "key").await, None);
    }

    async fn a_reader_cannot_write(db: Database) {
        let store = db.node().await;
        assert!(store.read("work", |tx| tx.meta_put("key", "set")).await.is_err());
        assert_eq!(meta(&store, "key").await, None);
    }

    async fn closing_finishes_what_was_accepted_and_takes_nothing_more(db: Database) {
        let store = db.node().await;
        let clone = store.clone();
        let mut accepted = Vec::new();
        for n in 0..50 {
            let new = event("stripe", &format!("evt_{n}"), "x");
            let store = store.clone();
            let mut call = Box::pin(async move { store.keep(vec![new], later()).await });
            // From the first poll on it is in the line.
            assert!(is_waiting(&mut call).await);
            accepted.push(call);
        }
        store.close().await;
        for call in accepted {
            call.await.unwrap();
        }
        let late = clone.keep(vec![event("stripe", "late", "x")], later()).await;
        assert_eq!(late.unwrap_err(), StoreError::Closed);
        let again = db.node().await;
        assert_eq!(again.read("count", |tx| tx.event_counts()).await.unwrap().pending, 50);
    }

    async fn a_full_line_turns_away_at_once(db: Database) {
        let store = db.node_with(Options { queue_length: 2, ..Options::default() }).await;
        let (gate, held) = std::sync::mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let mut waiting = Vec::new();
        for _ in 0..20 {
            let (store, held) = (store.clone(), Arc::clone(&held));
            let mut call = Box::pin(async move {
                let hold = move |_: &mut Tx<'_>| {
                    let _ = held.lock().unwrap().recv();
                    Ok(())
                };
                store.run("held", hold).await
            });
            if is_waiting(&mut call).await {
                waiting.push(call);
            }
        }
        // Two in the line, and one for each thread that works.
        assert!((2..=5).contains(&waiting.len()), "{}", waiting.len());
        drop(gate);
        for call in waiting {
            call.await.unwrap();
        }
    }

    async fn work_that_is_overtaken_by_its_deadline_is_in_doubt(db: Database) {
        let store = db.node().await;
        let deadline = Instant::now() + Duration::from_millis(100);
        let outcome = store
            .run_until("slow", deadline, |tx| {
                tx.meta_put("slow", "done")?;
                std::thread::sleep(Duration::from_millis(300));
                Ok(())
            })
            .await;
        assert!(outcome.unwrap_err().outcome_unknown());
        // It goes on, and stands.
        while meta(&store, "slow").await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn a_probe_writes(db: Database) {
        let store = db.node().await;
        store.healthy().await.unwrap();
        let first = meta(&store, "health").await;
        store.healthy().await.unwrap();
        assert_ne!(meta(&store, "health").await, first);
        db.tamper("DROP TABLE meta").await;
        assert!(store.healthy().await.is_err());
    }
}

#[tokio::test]
async fn a_second_process_cannot_serve_from_the_same_file_but_commands_can_work_on_it() {
    let db = Database::sqlite();
    let serving = db.node_with(Options { exclusive: true, ..Options::default() }).await;
    let second = Store::open(&db.url(), Options { exclusive: true, ..Options::default() });
    let refusal = second.unwrap_err();
    assert!(matches!(refusal, StoreError::InUse(_)), "{refusal}");
    assert!(refusal.to_string().contains("another process serves from"));

    let command = db.node().await;
    let works = (0..50).map(|n| {
        let store = [&serving, &command][n % 2].clone();
        tokio::spawn(
            async move { store.run("work", move |tx| tx.meta_put(&n.to_string(), "x")).await },
        )
    });
    for work in works.collect::<Vec<_>>() {
        work.await.unwrap().unwrap();
    }
    command.close().await;
    serving.close().await;
    db.node_with(Options { exclusive: true, ..Options::default() }).await;
}

#[tokio::test]
async fn too_little_space_is_told_before_the_first_write_that_would_fail() {
    let db = Database::sqlite();
    db.node().await.close().await;
    let store = db.open(Options { min_free_bytes: u64::MAX, ..Options::default() });
    let outcome = store.keep(vec![event("stripe", "evt_1", "x")], later()).await;
    assert!(matches!(outcome, Err(StoreError::Full(_))), "{outcome:?}");
    assert!(matches!(store.healthy().await, Err(StoreError::Full(_))));
    assert!(store.read("count", |tx| tx.event_counts()).await.is_ok());
}

/// A deadlock of two nodes is broken by the server, and the loser runs again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_run_again_and_both_end() {
    let db = Database::postgres().await;
    let nodes = [db.node().await, db.node().await];
    let (a, b) = nodes[0]
        .run("sales", |tx| {
            Ok((tx.sale_new("x", true, None, noon())?.id, tx.sale_new("x", true, None, noon())?.id))
        })
        .await
        .unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let works = [(a, b), (b, a)].map(|(first, second)| {
        let (store, runs) = (nodes[usize::from(first > second)].clone(), Arc::clone(&runs));
        tokio::spawn(async move {
            store
                .run("crossing", move |tx| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    tx.sale_customer(first, "one")?;
                    std::thread::sleep(Duration::from_millis(200));
                    tx.sale_customer(second, "two")
                })
                .await
        })
    });
    for work in works {
        work.await.unwrap().unwrap();
    }
    assert!(runs.load(Ordering::Relaxed) >= 3);
}

/// Cut between the last statement and the answer to the commit: nobody can know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_is_not_answered_is_of_unknown_outcome() {
    let db = Arc::new(Database::postgres().await);
    let store = db.node().await;
    let (handle, cut) = (tokio::runtime::Handle::current(), Arc::clone(&db));
    let outcome = store
        .run("work", move |tx| {
            tx.meta_put("key", "set")?;
            let cut = Arc::clone(&cut);
            handle.block_on(async move { cut.cut_sessions().await });
            Ok(())
        })
        .await;
    let error = outcome.unwrap_err();
    assert!(error.outcome_unknown() && error.retryable(), "{error}");
    store.run("work", |tx| tx.meta_put("key", "again")).await.unwrap();
}

/// The server ends the session in the middle; the next call gets a fresh one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_session_is_replaced() {
    let db = Database::postgres().await;
    let store = db.node().await;
    keep(&store, vec![event("stripe", "evt_1", "x")]).await;
    store.run("work", |tx| tx.meta_put("key", "set")).await.unwrap();
    db.cut_sessions().await;
    keep(&store, vec![event("stripe", "evt_2", "x")]).await;
    store.run("work", |tx| tx.meta_put("key", "again")).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_at_once_and_without_the_password() {
    let url: DatabaseUrl = "postgres://anna:s3cret@127.0.0.1:1/kw".parse().unwrap();
    let error = Store::open(&url, Options::default()).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.retryable() && !error.outcome_unknown());
    assert!(!error.to_string().contains("s3cret"));
}

/// Polls once: has it an answer yet?
async fn is_waiting<F: Future>(call: &mut Pin<Box<F>>) -> bool {
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await
}

async fn meta(store: &Store, key: &str) -> Option<String> {
    let key = key.to_owned();
    store.read("meta", move |tx| tx.meta_get(&key)).await.unwrap()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Awaited,
    Background,
}

async fn run<F>(store: &Store, line: Line, work: F) -> Result<(), StoreError>
where
    F: FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
{
    match line {
        Line::Awaited => store.run("awaited", work).await,
        Line::Background => store.run_in_background("background", work).await,
    }
}

/// A node whose work is done one piece after the other, on either database.
async fn one_hand(db: &Database) -> Store {
    db.node_with(Options { pg_connections: 1, ..Options::default() }).await
}

/// At which place one piece of work has its turn that comes into this line after forty came into
/// the other one.
async fn place_of_the_one(store: &Store, line: Line) -> usize {
    let (gate, held) = std::sync::mpsc::channel::<()>();
    let (held, order) = (Arc::new(Mutex::new(held)), Arc::new(Mutex::new(Vec::new())));
    let others = if line == Line::Awaited { Line::Background } else { Line::Awaited };
    let work = |line: Line| {
        let order = Arc::clone(&order);
        run(store, line, move |_| {
            order.lock().unwrap().push(line);
            Ok(())
        })
    };
    // As long as these are held up, the others come together behind them.
    let first = (0..12).map(|_| {
        let held = Arc::clone(&held);
        run(store, others, move |_| {
            let _ = held.lock().unwrap().recv();
            Ok(())
        })
    });
    let forty = (0..40).map(|_| work(others));
    tokio::join! {
        biased; all(first), all(forty), async { work(line).await.unwrap() }, async { drop(gate) }
    };
    let order = order.lock().unwrap();
    order.iter().position(|one| *one == line).unwrap()
}

/// Begins all of these, in this order, and waits for them.
async fn all(works: impl Iterator<Item = impl Future<Output = Result<(), StoreError>>>) {
    let none: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async {});
    let begun = works.fold(none, |before, work| {
        Box::pin(async {
            let ((), done) = tokio::join!(biased; before, work);
            done.unwrap();
        })
    });
    begun.await;
}
