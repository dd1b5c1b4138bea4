use proptest::prelude::*;

use super::*;

const ROW: Uuid = Uuid::from_u128(1);
const OTHER_ROW: Uuid = Uuid::from_u128(2);
const CLEAR: &str = "220102199003071235";

fn vault() -> Vault {
    Vault::from_secret("k1", &[1; 32]).unwrap()
}

fn sealed() -> Sealed {
    vault().seal(PersonalField::IdNumber, ROW, CLEAR, [9; 12]).unwrap()
}

#[test]
fn a_value_opens_only_in_its_row_and_column() {
    let (vault, sealed) = (vault(), sealed());
    assert_eq!(vault.open(PersonalField::IdNumber, ROW, &sealed).as_deref(), Ok(CLEAR));
    let elsewhere = [
        vault.open(PersonalField::IdNumber, OTHER_ROW, &sealed),
        vault.open(PersonalField::Phone, ROW, &sealed),
    ];
    assert!(elsewhere.iter().all(|result| *result == Err(VaultError::DoesNotOpen)));
}

#[test]
fn values_swapped_between_two_rows_do_not_open() {
    let vault = vault();
    let phone =
        |row, text| vault.seal(PersonalField::Phone, row, text, fresh_nonce().unwrap()).unwrap();
    let (first, second) = (phone(ROW, "13800000000"), phone(OTHER_ROW, "13900000000"));
    assert!(vault.open(PersonalField::Phone, ROW, &second).is_err());
    assert!(vault.open(PersonalField::Phone, OTHER_ROW, &first).is_err());
}

#[test]
fn another_secret_or_an_unknown_key_does_not_open() {
    let same_id = Vault::from_secret("k1", &[2; 32]).unwrap();
    assert_eq!(same_id.open(PersonalField::IdNumber, ROW, &sealed()), Err(VaultError::DoesNotOpen));
    let other_id = Vault::from_secret("k2", &[1; 32]).unwrap();
    assert_eq!(
        other_id.open(PersonalField::IdNumber, ROW, &sealed()),
        Err(VaultError::UnknownKey("k1".to_owned()))
    );
}

#[test]
fn after_a_rotation_old_values_open_and_new_ones_use_the_new_key() {
    let rotated = Vault::from_secret("k2", &[2; 32]).unwrap().with_old_key("k1", &[1; 32]).unwrap();
    assert_eq!(rotated.open(PersonalField::IdNumber, ROW, &sealed()).as_deref(), Ok(CLEAR));
    assert!(rotated.is_outdated(&sealed()));
    let new = rotated.seal(PersonalField::IdNumber, ROW, CLEAR, [8; 12]).unwrap();
    assert_eq!(new.key_id(), "k2");
    assert!(!rotated.is_outdated(&new));

    let old_index = vault().blind_index(PersonalField::IdNumber, CLEAR);
    assert_ne!(rotated.blind_index(PersonalField::IdNumber, CLEAR), old_index);
    assert!(rotated.blind_indexes(PersonalField::IdNumber, CLEAR).contains(&old_index));

    let code = QueryCode::from_random([3; 10]);
    let old_digest = vault().query_code_digest(&code);
    assert!(rotated.query_code_matches(&code, &old_digest));
    assert!(rotated.query_code_matches(&code, &rotated.query_code_digest(&code)));
    assert!(!rotated.query_code_matches(&QueryCode::from_random([4; 10]), &old_digest));
}

#[test]
fn every_flipped_bit_and_every_shortened_text_is_refused() {
    let (vault, sealed) = (vault(), sealed());
    let payload = sealed.payload();
    for bit in 0..payload.len() * 8 {
        let mut changed = payload.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = Sealed::assemble("k1", &changed).unwrap();
        assert_eq!(
            vault.open(PersonalField::IdNumber, ROW, &changed),
            Err(VaultError::DoesNotOpen),
            "bit {bit}"
        );
    }
    for length in 0..sealed.as_str().len() {
        let cut: String = sealed.as_str().chars().take(length).collect();
        if let Ok(short) = Sealed::parse(&cut) {
            assert!(vault.open(PersonalField::IdNumber, ROW, &short).is_err(), "length {length}");
        }
    }
}

#[test]
fn a_blob_that_is_not_text_is_no_field() {
    let vault = vault();
    let place = field_aad(PersonalField::Phone, ROW);
    let sealed = vault.seal_blob(&place, &[0xff, 0xfe], [5; 12]).unwrap();
    assert_eq!(vault.open_blob(&place, &sealed).as_deref(), Ok(&[0xff, 0xfe][..]));
    assert_eq!(vault.open(PersonalField::Phone, ROW, &sealed), Err(VaultError::NotText));
    assert_eq!(vault.open_blob(b"elsewhere", &sealed), Err(VaultError::DoesNotOpen));
}

#[test]
fn ten_thousand_random_round_trips() {
    let vault = vault();
    for n in 0..10_000_u32 {
        let row = Uuid::from_bytes(fresh_bytes().unwrap());
        let noise: [u8; 48] = fresh_bytes().unwrap();
        let clear: String = noise.iter().take((n % 49) as usize).map(|b| char::from(*b)).collect();
        let field = PersonalField::ALL[n as usize % PersonalField::ALL.len()];
        let sealed = vault.seal(field, row, &clear, fresh_nonce().unwrap()).unwrap();
        let stored = Sealed::parse(sealed.as_str()).unwrap();
        assert_eq!(vault.open(field, row, &stored), Ok(clear));
    }
}

#[test]
fn indexes_and_digests_depend_on_field_text_and_key() {
    let (vault, other) = (vault(), Vault::from_secret("k1", &[2; 32]).unwrap());
    let index = vault.blind_index(PersonalField::Phone, "13800000000");
    assert_eq!(index, vault.blind_index(PersonalField::Phone, "13800000000"));
    assert_ne!(index, vault.blind_index(PersonalField::IdNumber, "13800000000"));
    assert_ne!(index, vault.blind_index(PersonalField::Phone, "13800000001"));
    assert_ne!(index, other.blind_index(PersonalField::Phone, "13800000000"));
    let code = QueryCode::from_random([3; 10]);
    assert!(!same(&vault.query_code_digest(&code), &other.query_code_digest(&code)));
}

#[test]
fn key_ids_are_checked() {
    for wrong in ["", "K1", "k.1", "k 1", &"k".repeat(33)] {
        assert_eq!(Vault::from_secret(wrong, &[1; 32]).unwrap_err(), VaultError::KeyId);
    }
    let twice = vault().with_old_key("k1", &[2; 32]).unwrap_err();
    assert_eq!(twice, VaultError::DuplicateKey("k1".to_owned()));
}

#[test]
fn debug_shows_key_ids_only() {
    let vault = vault().with_old_key("k0", &[0x41; 32]).unwrap();
    assert_eq!(format!("{vault:?}"), r#"Vault { current: "k1", old: ["k0"], .. }"#);
}

proptest! {
    #[test]
    fn garbled_text_is_an_error_and_no_panic(payload in "[A-Za-z0-9_-]{0,80}") {
        if let Ok(garbled) = Sealed::parse(&format!("v1.k1.{payload}")) {
            prop_assert!(vault().open(PersonalField::Email, ROW, &garbled).is_err());
        }
    }
}
