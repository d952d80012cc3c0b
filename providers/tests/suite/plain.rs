//! A provider that does everything right, and one flaw at a time that the suite must find: so
//! that the suite itself is seen to fail.

use std::path::Path;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use keywright_providers::notice::{
    Customer, DisputeState, Kind, Line, Money, Notice, Period, Ref, Thing,
};
use keywright_providers::sample::Step;
use keywright_providers::scheme::{Encoding, Hash, Window, hmac_sign, hmac_timestamped, token};
use keywright_providers::secret::SECRET_BYTES_MIN;
use keywright_providers::{
    Answer, Ask, Auth, Covers, Credentials, Envelope, Event, FIVE_MINUTES, Facts, Need, Provider,
    Reading, Reject, Request, Sample, Scene, Secret, Unread, Verified, read,
};
use serde::Deserialize;
use serde_json::json;

use crate::fixture::Fixture;
use crate::subject::{Check, Subject};
use crate::{answered, forgery, hostile, scenes};

/// One thing done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    HalfOfTheBodySigned,
    TokenForASignature,
    TimeNotSigned,
    FirstOfTwoSignatures,
    FirstSecretOnly,
    SpareSecret,
    WideWindow,
    MissingFieldPanics,
    OddAnswerPanics,
    CutFrameTaken,
    EmptyIdTies,
    TestIsLive,
    OtherItem,
    LineMoves,
    NoRenewal,
    EarlyEnd,
    EndOnAnotherDay,
    OneUnit,
    RefundOfNothing,
    SilentRefund,
    SilentCancel,
    SecondSale,
    OneSaleForAll,
    SameEventId,
}

impl Flaw {
    pub(crate) const ALL: [Self; 24] = [
        Self::HalfOfTheBodySigned,
        Self::TokenForASignature,
        Self::TimeNotSigned,
        Self::FirstOfTwoSignatures,
        Self::FirstSecretOnly,
        Self::SpareSecret,
        Self::WideWindow,
        Self::MissingFieldPanics,
        Self::OddAnswerPanics,
        Self::CutFrameTaken,
        Self::EmptyIdTies,
        Self::TestIsLive,
        Self::OtherItem,
        Self::LineMoves,
        Self::NoRenewal,
        Self::EarlyEnd,
        Self::EndOnAnotherDay,
        Self::OneUnit,
        Self::RefundOfNothing,
        Self::SilentRefund,
        Self::SilentCancel,
        Self::SecondSale,
        Self::OneSaleForAll,
        Self::SameEventId,
    ];

    /// The check that is there for this flaw.
    fn check(self) -> Check {
        match self {
            Self::HalfOfTheBodySigned | Self::TokenForASignature | Self::TimeNotSigned => {
                forgery::changed_bits
            }
            Self::FirstOfTwoSignatures => forgery::missing_doubled_swapped,
            Self::FirstSecretOnly => forgery::rotation,
            Self::SpareSecret => forgery::foreign_secrets,
            Self::WideWindow => forgery::window,
            Self::MissingFieldPanics | Self::EmptyIdTies => hostile::spoiled_values,
            Self::OddAnswerPanics => answered::spoiled_answers,
            Self::CutFrameTaken => hostile::cut_frames,
            Self::TestIsLive => scenes::every_step_reads,
            Self::OtherItem | Self::OneUnit => scenes::a_purchase_covers_its_item,
            Self::LineMoves | Self::NoRenewal | Self::EarlyEnd | Self::EndOnAnotherDay => {
                scenes::a_renewal_extends_the_same_line
            }
            Self::RefundOfNothing | Self::SilentRefund => scenes::money_goes_back_from_its_payment,
            Self::SilentCancel => scenes::the_other_steps_say_what_they_are,
            Self::SecondSale | Self::OneSaleForAll | Self::SameEventId => {
                scenes::one_purchase_is_one_sale
            }
        }
    }
}

/// What the suite finds: every check without a flaw, else the one that is there for it.
pub(crate) fn faults_of(flaw: Option<Flaw>) -> Vec<String> {
    let plain = Plain { flaw };
    let fixtures = fixtures(&plain);
    let folder = std::path::PathBuf::new();
    let subject = Subject { provider: &plain, folder, fixtures };
    let all: [Check; 16] = [
        forgery::changed_bits,
        forgery::cut_or_grown,
        forgery::missing_doubled_swapped,
        forgery::foreign_secrets,
        forgery::rotation,
        forgery::window,
        hostile::cut_frames,
        hostile::spoiled_values,
        hostile::noise,
        answered::spoiled_answers,
        scenes::every_step_reads,
        scenes::a_purchase_covers_its_item,
        scenes::a_renewal_extends_the_same_line,
        scenes::money_goes_back_from_its_payment,
        scenes::the_other_steps_say_what_they_are,
        scenes::one_purchase_is_one_sale,
    ];
    match flaw {
        Some(flaw) => flaw.check()(&subject),
        None => all.iter().flat_map(|check| check(&subject)).collect(),
    }
}

fn midnight(at: DateTime<Utc>) -> DateTime<Utc> {
    at.date_naive().and_time(NaiveTime::MIN).and_utc()
}

struct Plain {
    flaw: Option<Flaw>,
}

const HEADER: &str = "Plain-Signature";

static FACTS: Facts = Facts {
    kind: "plain",
    title: "Plain",
    scheme: "HMAC-SHA256 over time and body",
    events: &[
        "purchase",
        "renewal",
        "cancel",
        "refund",
        "dispute",
        "payment-failed",
        "plan-change",
    ],
    fulfils: false,
    covers: Covers::Content,
    tolerance: FIVE_MINUTES,
    secret_bytes_min: SECRET_BYTES_MIN,
    example: &[],
    settings: &[],
    list: None,
    guide: "",
};

#[derive(Deserialize)]
struct Told {
    id: String,
    #[serde(rename = "type")]
    step: String,
    at: i64,
    live: bool,
    sale: String,
    payment: String,
    line: String,
    item: String,
    quantity: u32,
    end: i64,
    amount: i64,
    currency: String,
    email: String,
}

impl Provider for Plain {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn probe(&self, _: &Request<'_>, _: &Credentials) -> Option<Answer> {
        None
    }

    fn certificate<'a>(&self, _: &Request<'a>, _: &Credentials) -> Result<Option<&'a str>, Reject> {
        Ok(None)
    }

    fn verify<'a>(
        &self,
        request: &Request<'a>,
        credentials: &Credentials,
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, Reject> {
        let value = match request.header(HEADER) {
            Err(Reject::Doubled) if self.has(Flaw::FirstOfTwoSignatures) => {
                request.headers[0].1.as_str()
            }
            other => other?,
        };
        let (time, signature) =
            value.strip_prefix("t=").and_then(|v| v.split_once(",v1=")).ok_or(Reject::Malformed)?;
        let mut secrets = credentials.secrets.clone();
        if self.has(Flaw::FirstSecretOnly) {
            secrets.truncate(1);
        }
        if self.has(Flaw::SpareSecret) {
            secrets.push(Secret::new("plain_0123456789abcdef").unwrap());
        }
        if self.has(Flaw::TokenForASignature) {
            return token(request.body, &secrets, signature);
        }
        let factor = if self.has(Flaw::WideWindow) { 2 } else { 1 };
        let window = Window { now, tolerance: credentials.tolerance * factor };
        let parts = self.signed(time, request.body);
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        hmac_timestamped(request, &secrets, time, window, &parts, Encoding::Hex, &[signature])
    }

    fn envelopes(&self, _: &Request<'_>, delivery: &Verified<'_>) -> Result<Vec<Envelope>, Unread> {
        let told: Told = match read::json(delivery.body()) {
            Err(_) if self.has(Flaw::CutFrameTaken) => return Ok(Vec::new()),
            Err(_) if self.has(Flaw::MissingFieldPanics) => panic!("a field is missing"),
            other => other?,
        };
        Ok(vec![Envelope {
            id: Some(if self.has(Flaw::SameEventId) { told.payment } else { told.id }),
            event_type: told.step,
            occurred_at: Some(read::unix("at", told.at)?),
            live: Some(told.live || self.has(Flaw::TestIsLive)),
            body: delivery.body().to_vec(),
            content: None,
            recurs: false,
        }])
    }

    fn asks(&self, _: &Event<'_>) -> Result<Vec<Ask>, Unread> {
        let ask = Ask::get("more", "https://api.example.com", "/more".to_owned(), Auth::Nothing);
        Ok(vec![Ask { need: Need::Configured, ..ask }])
    }

    fn read(&self, event: &Event<'_>) -> Reading {
        let told: Told = read::json(event.body)?;
        if let Err(unread) = read::answered::<Vec<String>>(event.answers, "more") {
            assert!(!self.has(Flaw::OddAnswerPanics), "{unread}");
            return Err(unread);
        }
        let ids = [&told.sale, &told.payment, &told.line, &told.item];
        if ids.iter().any(|id| id.is_empty()) && !self.has(Flaw::EmptyIdTies) {
            return Err(Unread::value("sale", "an id is empty"));
        }
        let payment = Ref::payment(&told.payment);
        let money = read::minor("amount", &told.amount.to_string(), &told.currency)?;
        if told.currency.len() != 3 || !told.currency.is_ascii() {
            return Err(Unread::value("currency", "not a currency"));
        }
        if !told.currency.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(Unread::value("currency", "not a currency"));
        }
        let end = read::unix("end", told.end)?;
        let Some(kind) = self.kind(&told, payment.clone(), money, end) else {
            return Ok(Vec::new());
        };
        let sale = match self.flaw {
            Some(Flaw::OneSaleForAll) => "sale".to_owned(),
            Some(Flaw::SecondSale) => told.payment.clone(),
            _ => told.sale,
        };
        let mut refs = vec![Ref::new(Thing::Subscription, sale), payment];
        if self.has(Flaw::RefundOfNothing) {
            refs.truncate(1);
        }
        let customer = Customer { email: Some(told.email), ..Customer::default() };
        let occurred_at = event.occurred_at;
        Ok(vec![Notice { refs, occurred_at, line: None, kind, customer: Some(customer) }])
    }

    fn answer(&self, _: &Request<'_>, _: &Credentials, _: DateTime<Utc>) -> Answer {
        Answer::empty()
    }

    fn partial_answer(&self, _: &[String]) -> Option<Answer> {
        None
    }

    fn keys_answer(
        &self,
        _: &[String],
        _: &Request<'_>,
        _: &Credentials,
        _: DateTime<Utc>,
    ) -> Answer {
        Answer::empty()
    }

    fn samples(&self, scene: &Scene) -> Vec<Sample> {
        let repeats = !matches!(scene.step, Step::Purchase | Step::Refund | Step::Dispute);
        if repeats && !scene.subscription {
            return Vec::new();
        }
        if scene.step == Step::Renewal && self.has(Flaw::NoRenewal) {
            return Vec::new();
        }
        let Scene { tag, cycle, .. } = scene;
        let step = scene.step.as_str();
        let early = self.has(Flaw::EarlyEnd);
        let end = if early { scene.period_start } else { scene.period_end };
        let late = self.has(Flaw::EndOnAnotherDay);
        let end = if late { midnight(end + TimeDelta::days(2)) } else { end };
        let next = scene.step == Step::PlanChange;
        let item = if next { &scene.item_next } else { &scene.item };
        let line = if self.has(Flaw::LineMoves) { *cycle } else { 0 };
        let body = json!({
            "id": format!("ev_{tag}_{step}_{cycle}"),
            "type": step,
            "at": scene.at.timestamp(),
            "live": scene.live,
            "sale": format!("sale_{tag}"),
            "payment": format!("pay_{tag}_{cycle}"),
            "line": format!("line_{tag}_{line}"),
            "item": if self.has(Flaw::OtherItem) { "other" } else { item },
            "quantity": scene.quantity,
            "end": end.timestamp(),
            "amount": scene.amount_minor,
            "currency": scene.currency,
            "email": scene.email,
        });
        vec![Sample::json(step, &body)]
    }

    fn sign(&self, sample: Sample, credentials: &Credentials, now: DateTime<Utc>) -> Sample {
        let time = now.timestamp().to_string();
        let parts = self.signed(&time, &sample.body);
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let secret = &credentials.secrets[0];
        let mac = match self.has(Flaw::TokenForASignature) {
            true => secret.expose().to_owned(),
            false => hmac_sign(Hash::Sha256, secret, &parts, Encoding::Hex),
        };
        sample.with_header(HEADER, format!("t={time},v1={mac}"))
    }
}

impl Plain {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn signed(&self, time: &str, body: &[u8]) -> Vec<Vec<u8>> {
        let length = if self.has(Flaw::HalfOfTheBodySigned) { body.len() / 2 } else { body.len() };
        let time = if self.has(Flaw::TimeNotSigned) { "" } else { time };
        vec![time.as_bytes().to_vec(), b".".to_vec(), body[..length].to_vec()]
    }

    fn kind(&self, told: &Told, payment: Ref, money: Money, end: DateTime<Utc>) -> Option<Kind> {
        let lines = vec![Line {
            line: told.line.clone(),
            alias: Vec::new(),
            item: vec![told.item.clone()],
            quantity: if self.has(Flaw::OneUnit) { 1 } else { told.quantity },
            period: Some(Period { start: None, end }),
        }];
        let refund_of = if self.has(Flaw::RefundOfNothing) {
            Ref::charge(format!("of {}", told.id))
        } else {
            payment.clone()
        };
        Some(match told.step.as_str() {
            "purchase" | "renewal" => Kind::Paid { payment, amount: Some(money), lines },
            "cancel" if self.has(Flaw::SilentCancel) => Kind::Linked,
            "cancel" => Kind::Canceled { at: Some(end) },
            "refund" if self.has(Flaw::SilentRefund) => Kind::Linked,
            "refund" => Kind::Refunded {
                refund: format!("refund of {}", told.payment),
                payment: refund_of,
                amount: Some(money),
                total: None,
                full: false,
                lines: Vec::new(),
            },
            "dispute" => {
                let dispute = format!("dispute of {}", told.payment);
                Kind::Disputed { dispute, payment, state: DisputeState::Opened }
            }
            "payment-failed" => Kind::PaymentFailed,
            "plan-change" => Kind::Changed { lines, whole: false },
            _ => return None,
        })
    }
}

/// A purchase and a refund as files would hold them: parsed, so that the parser is seen too.
fn fixtures(plain: &Plain) -> Vec<Fixture> {
    let at: DateTime<Utc> = "2026-01-10T12:00:00Z".parse().unwrap();
    [Step::Purchase, Step::Refund]
        .into_iter()
        .map(|step| {
            let scene = Scene {
                step,
                tag: "kwf3".to_owned(),
                cycle: 0,
                at,
                period_start: at,
                period_end: at + TimeDelta::days(31),
                item: "kw-pro".to_owned(),
                item_next: "kw-pro".to_owned(),
                item_first: "kw-pro".to_owned(),
                quantity: 1,
                email: "ada@example.com".to_owned(),
                name: "Ada Example".to_owned(),
                company: None,
                country: "DE".to_owned(),
                locale: "de".to_owned(),
                live: true,
                subscription: true,
                amount_minor: 4_900,
                currency: "EUR".to_owned(),
                settings: keywright_providers::Settings::new(),
            };
            let body = plain.samples(&scene).remove(0).body;
            let head = "secret: plain_0123456789abcdef\nnow: 2026-01-10T12:00:00Z\n\
                        answer more: 200 [\"a\", \"b\"]";
            let file = [head.as_bytes(), b"\n\n", &body, b"\n"].concat();
            let path = Path::new(step.as_str()).with_extension("txt");
            let unsigned = Fixture::parse(&path, &file).unwrap();
            unsigned.signed_anew(plain, body)
        })
        .collect()
}
