//! A database remembers the key that sealed it.

use gongkai::store::vault::Vault;
use gongkai::store::{Error, Store};

use crate::support::databases::Backend;
use crate::support::databases::TestDatabase;
use crate::support::on_both;

on_both! {
    async fn another_key_is_refused(backend: Backend) {
        let db = TestDatabase::migrated(backend);
        let right = Vault::from_secret("k1", &[7; 32]).unwrap();
        let wrong = Vault::from_secret("k1", &[8; 32]).unwrap();
        Store::check_key(db.url(), &right).unwrap();
        Store::check_key(db.url(), &right).unwrap();
        assert!(matches!(Store::check_key(db.url(), &wrong), Err(Error::WrongKey(id)) if id == "k1"));
        assert_eq!(db.number("SELECT count(*) FROM data_keys"), 1);
        // Nor may it come under another name: what the first key sealed would not open any more.
        let renamed = Vault::from_secret("k2", &[7; 32]).unwrap();
        assert!(matches!(Store::check_key(db.url(), &renamed), Err(Error::WrongKey(id)) if id == "k2"));
        assert_eq!(db.number("SELECT count(*) FROM data_keys"), 1);
        Store::check_key(db.url(), &right).unwrap();
    }
}
