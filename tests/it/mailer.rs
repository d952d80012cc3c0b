//! A message on its way to a mail server: every way to break off, and what it means.

use std::time::Duration;

use keywright::mailer::{Login, Mailer, Outgoing, Party, Security, SendError, Server};

use crate::support::smtp::{Act, MailServer};

const TEXT: &str = "Message-ID: <1@acme.example>\r\n\r\nHello\r\n.hidden\r\n..\r\n.\r\nBye\r\n";

/// Long enough for anything on this machine.
const PATIENT: Duration = Duration::from_secs(20);

/// For servers that never answer.
const IMPATIENT: Duration = Duration::from_millis(200);

fn mailer(server: Server) -> Mailer {
    Mailer::to_server(server, PATIENT).unwrap()
}

async fn send(mailer: &Mailer, to: &str) -> Result<(), SendError> {
    send_if(mailer, to, true).await
}

async fn send_if(mailer: &Mailer, to: &str, go: bool) -> Result<(), SendError> {
    let from = Party { name: Some("Acme".to_owned()), address: "keys@acme.example".to_owned() };
    let message_id = "<1@acme.example>";
    let mail = Outgoing { from: &from, to, message_id, bytes: TEXT.as_bytes() };
    mailer.send(mail, async { go }).await
}

/// Sends one mail to a server that does this, and says what it kept.
async fn outcome(act: Act) -> (Result<(), SendError>, usize) {
    let server = MailServer::start(Security::Plain, [act]).await;
    let result = send(&mailer(server.server()), "ada@example.com").await;
    (result, server.copies().len())
}

#[tokio::test]
async fn a_mail_arrives_to_the_byte() {
    for security in [Security::Plain, Security::StartTls, Security::Tls] {
        let server = MailServer::start(security, []).await;
        send(&mailer(server.server()), "ada@example.com").await.unwrap();
        let copies = server.copies();
        assert_eq!(copies.len(), 1, "{security:?}");
        assert_eq!(copies[0].text, TEXT, "{security:?}");
        assert_eq!(copies[0].from, "keys@acme.example");
        assert_eq!(copies[0].to, "ada@example.com");
    }
}

#[tokio::test]
async fn a_refusal_for_now_is_this_mails_own() {
    for act in [
        Act::Mail("451 4.3.0 later"),
        Act::Rcpt("450 4.2.0 greylisted"),
        Act::Data("452 4.3.1 no space"),
        Act::Text("451 4.7.1 later"),
        Act::Text("421 4.7.0 too many like this"),
    ] {
        let (result, copies) = outcome(act).await;
        assert!(matches!(result, Err(SendError::Temporary(_))), "{act:?}: {result:?}");
        assert_eq!(copies, 0);
    }
}

#[tokio::test]
async fn a_refusal_for_good_is_this_mails_own_and_keeps_the_servers_words() {
    for act in [
        Act::Rcpt("550 5.1.1 nobody of that name"),
        Act::Data("554 5.5.1 nobody of that name"),
        Act::Text("552 5.3.4 nobody of that name wants it"),
        Act::BreakInText("552 5.3.4 nobody of that name wants so much"),
    ] {
        let (result, copies) = outcome(act).await;
        let Err(SendError::Refused(reason)) = result else { panic!("{act:?}: {result:?}") };
        assert!(reason.contains("nobody of that name") && reason.contains("55"), "{reason}");
        assert_eq!(copies, 0);
    }
}

#[tokio::test]
async fn what_is_true_of_every_mail_blocks_the_way() {
    for act in [
        Act::Greeting("554 no service here"),
        Act::Greeting("421 busy"),
        Act::Login("535 5.7.8 wrong password"),
        Act::Login("454 4.7.0 not now"),
        Act::Mail("550 5.7.1 you may not send as this"),
        Act::Mail("530 5.7.0 log in first"),
        Act::Rcpt("530 5.7.0 log in first"),
        Act::Rcpt("421 closing"),
        Act::Data("250 why?"),
        Act::CutInText,
        Act::BreakInText("hm"),
    ] {
        let (result, copies) = outcome(act).await;
        assert!(matches!(result, Err(SendError::Blocked(_))), "{act:?}: {result:?}");
        assert_eq!(copies, 0);
    }
}

#[tokio::test]
async fn only_between_the_final_dot_and_its_answer_is_there_doubt() {
    for (act, kept) in [(Act::CutAfterDot, 1), (Act::LoseAfterDot, 0), (Act::Text("354 more"), 0)] {
        let (result, copies) = outcome(act).await;
        assert!(matches!(result, Err(SendError::InDoubt(_))), "{act:?}: {result:?}");
        assert_eq!(copies, kept);
    }
}

#[tokio::test]
async fn a_server_that_leaves_in_the_text_is_noticed_before_the_dot_with_tls_too() {
    for security in [Security::Tls, Security::StartTls] {
        for _ in 0..10 {
            let server = MailServer::start(security, [Act::CutInText]).await;
            let result = send(&mailer(server.server()), "ada@example.com").await;
            assert!(matches!(result, Err(SendError::Blocked(_))), "{security:?}: {result:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_silent_is_not_waited_for() {
    let server = MailServer::start(Security::Plain, [Act::Silent, Act::SilentAfterDot]).await;
    let mailer = Mailer::to_server(server.server(), IMPATIENT).unwrap();
    let silent = send(&mailer, "ada@example.com").await;
    assert_eq!(silent, Err(SendError::Blocked("no answer within 0.2 s".to_owned())));
    let silent = send(&mailer, "ada@example.com").await;
    assert_eq!(silent, Err(SendError::InDoubt("no answer within 0.2 s".to_owned())));
    assert_eq!(server.copies().len(), 1);
}

#[tokio::test]
async fn nobody_there_blocks_the_way() {
    let server = MailServer::start(Security::Plain, []).await;
    server.stop();
    tokio::task::yield_now().await;
    let refused = send(&mailer(server.server()), "ada@example.com").await;
    assert!(matches!(refused, Err(SendError::Blocked(_))), "{refused:?}");
}

#[tokio::test]
async fn where_tls_is_wanted_nothing_is_told_without_it() {
    // The server offers no STARTTLS: somebody on the way may have taken it out.
    let server = MailServer::start(Security::Plain, []).await;
    let stripped = Server { security: Security::StartTls, ..server.server() };
    let result = send(&mailer(stripped), "ada@example.com").await;
    assert!(matches!(result, Err(SendError::Blocked(_))), "{result:?}");
    let told = server.commands();
    assert!(told.iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")));

    // A certificate that nobody vouches for, and one that is another's.
    let server = MailServer::start(Security::Tls, []).await;
    let unknown = Server { trusted_pem: None, ..server.server() };
    let result = send(&mailer(unknown), "ada@example.com").await;
    assert!(matches!(result, Err(SendError::Blocked(_))), "{result:?}");
    let another = Server { host: "127.0.0.1".to_owned(), ..server.server() };
    let result = send(&mailer(another), "ada@example.com").await;
    assert!(matches!(result, Err(SendError::Blocked(_))), "{result:?}");
    assert!(server.commands().is_empty());
}

#[tokio::test]
async fn what_is_taken_back_at_the_last_moment_does_not_arrive() {
    let server = MailServer::start(Security::Plain, []).await;
    let mailer = mailer(server.server());
    let taken_back = send_if(&mailer, "ada@example.com", false).await;
    assert_eq!(taken_back, Err(SendError::TakenBack));
    send(&mailer, "bob@example.com").await.unwrap();
    let to: Vec<_> = server.copies().into_iter().map(|copy| copy.to).collect();
    assert_eq!(to, ["bob@example.com"]);
}

#[tokio::test]
async fn an_address_that_is_none_never_reaches_the_server() {
    let server = MailServer::start(Security::Plain, []).await;
    let mailer = mailer(server.server());
    let two = send(&mailer, "ada@example.com>\r\nRCPT TO:<eve@example.com").await;
    assert!(matches!(two, Err(SendError::Refused(_))), "{two:?}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_connection_is_used_again_and_a_dead_one_is_noticed() {
    let server = MailServer::start(Security::Plain, []).await;
    let mailer = mailer(server.server());
    send(&mailer, "ada@example.com").await.unwrap();
    server.will([Act::Text("554 no")]);
    send(&mailer, "bob@example.com").await.unwrap_err();
    send(&mailer, "bob@example.com").await.unwrap();
    assert_eq!(server.connections(), 1, "a refused text leaves the connection as it was");

    mailer.rest().await;
    assert_eq!(server.commands().last().map(String::as_str), Some("QUIT"));
    send(&mailer, "eve@example.com").await.unwrap();
    assert_eq!((server.connections(), server.copies().len()), (2, 3));
}

#[test]
fn a_login_is_not_shown() {
    let login = Login { user: "acme".to_owned(), password: "open sesame".to_owned() };
    let server = Server {
        host: "mail.example".to_owned(),
        port: 465,
        security: Security::Tls,
        login: Some(login),
        trusted_pem: None,
    };
    let shown = format!("{server:?} {:?}", mailer(server.clone()));
    assert!(shown.contains("mail.example") && !shown.contains("sesame"), "{shown}");
}
