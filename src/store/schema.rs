//! The tables. Written by hand; a test compares it with the catalogues of both databases.

#![expect(missing_docs, reason = "the columns are described in the migrations")]
#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the form that the macro wants"))]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    units (id) {
        id -> Id,
        code -> Text,
        name -> Text,
        kind -> Text,
        parent_id -> Nullable<Id>,
        may_issue -> Bool,
        created_at -> Stamp,
        closed_at -> Nullable<Stamp>,
        version -> BigInt,
        updated_at -> Stamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    users (id) {
        id -> Id,
        username -> Text,
        display_name -> Text,
        password_hash -> Text,
        role -> Text,
        unit_id -> Id,
        capabilities -> JsonDoc,
        disabled_at -> Nullable<Stamp>,
        token_epoch -> BigInt,
        version -> BigInt,
        created_at -> Stamp,
        updated_at -> Stamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    cases (id) {
        id -> Id,
        version -> BigInt,
        status -> Text,
        receipt_number -> Text,
        case_number -> Nullable<Text>,
        query_code_digest -> Text,
        channel -> Text,
        applicant_type -> Text,
        applicant_name -> Text,
        id_number_index -> Nullable<Binary>,
        phone_index -> Nullable<Binary>,
        email_index -> Nullable<Binary>,
        subject -> Text,
        receiving_unit_id -> Id,
        holding_unit_id -> Nullable<Id>,
        responsible_unit_id -> Id,
        officer_id -> Nullable<Id>,
        received_at -> Stamp,
        receipt_date -> Nullable<Date>,
        rule_set -> Nullable<Text>,
        due_date -> Nullable<Date>,
        prior_due_date -> Nullable<Date>,
        paused_from -> Nullable<Date>,
        resumed_on -> Nullable<Date>,
        supplement_due_date -> Nullable<Date>,
        answer_date -> Nullable<Date>,
        closed_on -> Nullable<Date>,
        finished_on -> Nullable<Date>,
        decision -> Nullable<Text>,
        extended -> Bool,
        record -> JsonDoc,
        updated_at -> Stamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    events (seq) {
        seq -> BigInt,
        subject_kind -> Text,
        subject_id -> Id,
        version -> BigInt,
        action -> Text,
        at -> Stamp,
        body -> Text,
        prev_hash -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    outbox (seq) {
        seq -> BigInt,
        topic -> Text,
        payload -> Text,
        created_at -> Stamp,
        delivered_at -> Nullable<Stamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    idempotency_keys (idempotency_key, principal) {
        principal -> Id,
        idempotency_key -> Text,
        fingerprint -> Binary,
        outcome -> Binary,
        created_at -> Stamp,
    }
}

diesel::table! {
    number_series (series, year) {
        series -> Text,
        year -> Integer,
        last -> BigInt,
    }
}

diesel::table! {
    heads (name) {
        name -> Text,
        value -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    data_keys (key_id) {
        key_id -> Text,
        proof -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    sessions (id) {
        id -> Id,
        user_id -> Id,
        token_epoch -> BigInt,
        generation -> BigInt,
        refresh_digest -> Binary,
        client -> Text,
        created_at -> Stamp,
        last_used_at -> Stamp,
        expires_at -> Stamp,
        ended_at -> Nullable<Stamp>,
        end_cause -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    one_time_links (digest) {
        digest -> Binary,
        purpose -> Text,
        user_id -> Nullable<Id>,
        created_at -> Stamp,
        expires_at -> Stamp,
        used_at -> Nullable<Stamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    external_refs (reference, source) {
        source -> Text,
        reference -> Text,
        case_id -> Id,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    case_tasks (task, case_id) {
        case_id -> Id,
        task -> Text,
        since -> Stamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    subtasks (case_id, number) {
        case_id -> Id,
        number -> Integer,
        unit_id -> Id,
        kind -> Text,
        state -> Text,
        due_date -> Date,
        asked_at -> Stamp,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    letters (id) {
        id -> Id,
        case_id -> Id,
        kind -> Text,
        series -> Nullable<Text>,
        year -> Nullable<Integer>,
        n -> Nullable<BigInt>,
        number -> Nullable<Text>,
        content -> Binary,
        content_hash -> Binary,
        issued_at -> Stamp,
        issued_by -> Id,
        voided_at -> Nullable<Stamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    letter_series (series, year) {
        series -> Text,
        year -> Integer,
        last -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    attachments (id) {
        id -> Id,
        case_id -> Id,
        object_key -> Text,
        size -> BigInt,
        sha256 -> Binary,
        attached_by -> Id,
        attached_at -> Stamp,
        detached_at -> Nullable<Stamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    paragraphs (id) {
        id -> Id,
        unit_id -> Nullable<Id>,
        subject -> Text,
        title -> Text,
        body -> Text,
        version -> BigInt,
        created_at -> Stamp,
        updated_at -> Stamp,
        closed_at -> Nullable<Stamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    calendar_versions (id) {
        id -> Id,
        year -> Integer,
        number -> Integer,
        state -> Text,
        edition -> Nullable<Integer>,
        version -> BigInt,
        notice -> JsonDoc,
        imported_by -> Id,
        imported_at -> Stamp,
        decided_by -> Nullable<Id>,
        decided_at -> Nullable<Stamp>,
        total -> BigInt,
        looked -> BigInt,
        moved -> BigInt,
        failed -> BigInt,
        place_date -> Nullable<Date>,
        place_id -> Nullable<Id>,
        finished_at -> Nullable<Stamp>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    letter_seals (letter_id) {
        letter_id -> Id,
        case_id -> Id,
        state -> Text,
        requested_at -> Stamp,
        object_key -> Nullable<Text>,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::{Id, Stamp, JsonDoc};

    case_clocks (case_id, kind, number) {
        case_id -> Id,
        kind -> Text,
        number -> Integer,
        due_date -> Date,
        unit_id -> Id,
        officer_id -> Nullable<Id>,
    }
}

diesel::joinable!(external_refs -> cases (case_id));
diesel::joinable!(subtasks -> cases (case_id));
diesel::joinable!(letters -> cases (case_id));
diesel::allow_tables_to_appear_in_same_query!(external_refs, letters, cases);
diesel::allow_tables_to_appear_in_same_query!(case_tasks, cases);
diesel::allow_tables_to_appear_in_same_query!(subtasks, cases);
diesel::joinable!(case_clocks -> cases (case_id));
diesel::allow_tables_to_appear_in_same_query!(case_clocks, cases);
