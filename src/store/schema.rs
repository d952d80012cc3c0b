//! The tables as diesel sees them, the same for both databases. The migrations are the truth; a
//! test compares the two.

use super::types::{Document, Moment};

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    events (id) {
        id -> BigInt,
        account -> Text,
        kind -> Text,
        provider_event_id -> Nullable<Text>,
        dedupe -> Binary,
        content_digest -> Binary,
        #[sql_name = "type"]
        event_type -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        message -> Nullable<Text>,
        received_at -> Moment,
        occurred_at -> Moment,
        live -> Nullable<Bool>,
        attempts -> Integer,
        next_at -> Moment,
        claimed_until -> Nullable<Moment>,
        fence -> BigInt,
        sale_id -> Nullable<BigInt>,
        headers -> Document,
        lapsed -> Integer,
    }
}

diesel::table! {
    payloads (event_id) {
        event_id -> BigInt,
        body -> Binary,
        answers -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    sales (id) {
        id -> BigInt,
        account -> Text,
        live -> Bool,
        customer_id -> Nullable<Text>,
        merged_into -> Nullable<BigInt>,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    refs (reference, account, live) {
        account -> Text,
        live -> Bool,
        #[sql_name = "ref"]
        reference -> Text,
        sale_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    notices (id) {
        id -> BigInt,
        event_id -> BigInt,
        position -> Integer,
        sale_id -> Nullable<BigInt>,
        digest -> Binary,
        occurred_at -> Moment,
        body -> Document,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    customers (account, live, provider_id) {
        account -> Text,
        live -> Bool,
        provider_id -> Text,
        details -> Document,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    licenses (id) {
        id -> Text,
        sale_id -> BigInt,
        slot -> Text,
        account -> Text,
        live -> Bool,
        key -> Text,
        product -> Text,
        state -> Text,
        starts_at -> Moment,
        expires_at -> Nullable<Moment>,
        valid_until -> Nullable<Moment>,
        max_activations -> Integer,
        quantity -> Integer,
        features -> Document,
        flags -> Document,
        email -> Nullable<Text>,
        customer -> Document,
        order_ref -> Nullable<Text>,
        subscription_ref -> Nullable<Text>,
        merged_into -> Nullable<Text>,
        sequence -> BigInt,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    activations (id) {
        id -> Text,
        license_id -> Text,
        fingerprint -> Text,
        name -> Nullable<Text>,
        platform -> Nullable<Text>,
        version -> Nullable<Text>,
        first_at -> Moment,
        last_at -> Moment,
        released_at -> Nullable<Moment>,
        sequence -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    history (id) {
        id -> BigInt,
        subject -> Text,
        seq -> Integer,
        at -> Moment,
        action -> Text,
        cause_event -> Nullable<BigInt>,
        actor -> Nullable<Text>,
        detail -> Document,
        prev_hash -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    outbox (id) {
        id -> BigInt,
        key -> Text,
        template -> Text,
        license_id -> Nullable<Text>,
        sale_id -> Nullable<BigInt>,
        recipient -> Nullable<Text>,
        locale -> Nullable<Text>,
        status -> Text,
        attempts -> Integer,
        next_at -> Moment,
        claimed_until -> Nullable<Moment>,
        fence -> BigInt,
        error -> Nullable<Text>,
        in_doubt -> Bool,
        message_id -> Text,
        dated_at -> Moment,
        data -> Document,
        created_at -> Moment,
        sent_at -> Nullable<Moment>,
        message -> Nullable<Binary>,
        canceled -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    hooks_outbox (id) {
        id -> BigInt,
        key -> Text,
        hook -> Nullable<Text>,
        #[sql_name = "type"]
        event_type -> Text,
        license_id -> Text,
        status -> Text,
        attempts -> Integer,
        next_at -> Moment,
        claimed_until -> Nullable<Moment>,
        fence -> BigInt,
        error -> Nullable<Text>,
        message_id -> Text,
        dated_at -> Moment,
        sent_at -> Nullable<Moment>,
        message -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    tokens (id) {
        id -> Text,
        name -> Text,
        role -> Text,
        hash -> Binary,
        created_at -> Moment,
        revoked_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    users (name) {
        name -> Text,
        role -> Text,
        password -> Text,
        created_at -> Moment,
        changed_at -> Moment,
        revoked_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    sessions (hash) {
        hash -> Binary,
        holder -> Text,
        created_at -> Moment,
        seen_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    links (hash) {
        hash -> Binary,
        email -> Text,
        created_at -> Moment,
        used_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    idempotency (key) {
        key -> Text,
        digest -> Binary,
        status -> Integer,
        body -> Document,
        created_at -> Moment,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::{Document, Moment};

    meta (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::joinable!(payloads -> events (event_id));

diesel::allow_tables_to_appear_in_same_query!(
    events,
    payloads,
    sales,
    refs,
    notices,
    customers,
    licenses,
    activations,
    history,
    outbox,
    hooks_outbox,
    tokens,
    users,
    sessions,
    links,
    idempotency,
    meta,
);
