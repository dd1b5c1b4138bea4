//! Rules that hold for every schema of the contract, and so are written once and not at each member.

use utoipa::openapi::schema::{ArrayItems, KnownFormat, Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

/// The greatest integer that every JSON reader keeps exact (RFC 8259 §6).
const LARGEST_INTEGER: isize = (1 << 53) - 1;

/// What texts of a body hold: something that is not blank, and no control characters but tabs and
/// line breaks.
const PROSE: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*[^\x00-\x20\x7F-\x9F][^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$";

/// Calls for every plain schema within one, and for itself. References are left alone: what they
/// lead to has its own turn.
fn each(schema: &mut RefOr<Schema>, rule: &impl Fn(&mut Object)) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            rule(object);
            object.properties.values_mut().for_each(|member| each(member, rule));
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                each(items, rule);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(|one| each(one, rule)),
        Schema::AllOf(all) => all.items.iter_mut().for_each(|one| each(one, rule)),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(|one| each(one, rule)),
        _ => {}
    }
}

fn is(kind: &SchemaType, wanted: &Type) -> bool {
    match kind {
        SchemaType::Type(one) => one == wanted,
        SchemaType::Array(several) => several.contains(wanted),
        SchemaType::AnyValue => false,
    }
}

/// Integers of 64 bits, and of the machine's width, are counts, numbers of the ledger and versions: they stay within what
/// JavaScript keeps exact.
#[must_use]
pub fn with_exact_integers(mut schema: RefOr<Schema>) -> RefOr<Schema> {
    let long = Some(SchemaFormat::KnownFormat(KnownFormat::Int64));
    each(&mut schema, &|object| {
        let unbounded = object.format == long || object.format.is_none();
        if is(&object.schema_type, &Type::Integer) && unbounded {
            object.maximum.get_or_insert(LARGEST_INTEGER.into());
        }
    });
    schema
}

/// Texts of a body are refused when they are blank or hold control characters. Passwords may.
pub fn texts_are_prose(schema: &mut RefOr<Schema>) {
    each(schema, &|object| {
        let free =
            object.enum_values.is_none() && object.format.is_none() && object.pattern.is_none();
        if is(&object.schema_type, &Type::String) && free {
            object.pattern = Some(PROSE.to_owned());
        }
    });
}

/// A parameter is left out, it cannot be null.
pub fn never_null(schema: &mut RefOr<Schema>) {
    let RefOr::T(inner) = schema else { return };
    match inner {
        Schema::Object(object) => drop_null(&mut object.schema_type),
        Schema::Array(array) => drop_null(&mut array.schema_type),
        Schema::OneOf(choice) => {
            choice.items.retain(|item| match item {
                RefOr::T(Schema::Object(object)) => !is(&object.schema_type, &Type::Null),
                _ => true,
            });
            if let [only] = choice.items.as_slice() {
                *schema = only.clone();
            }
        }
        _ => {}
    }
}

fn drop_null(kind: &mut SchemaType) {
    if let SchemaType::Array(several) = kind {
        several.retain(|one| *one != Type::Null);
        if let [only] = several.as_slice() {
            *kind = SchemaType::Type(only.clone());
        }
    }
}
