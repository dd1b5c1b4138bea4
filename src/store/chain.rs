//! The hash chain of the ledger: every event carries the hash of its canonical text and of the
//! event before it, so that an edited, removed, inserted or moved event is found.
//!
//! A chain alone cannot show that its tail was cut off or that the whole table was set back: for
//! that, heads are anchored outside the database and given to [`Verifier::finish`].

use aws_lc_rs::digest::{Context, SHA256};

/// What the first event names as its predecessor's hash.
pub const GENESIS: [u8; 32] = [0; 32];

/// The end of a chain: the last event's number and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last event; 0 for an empty ledger.
    pub seq: i64,
    /// Its hash; [`GENESIS`] for an empty ledger.
    pub hash: [u8; 32],
}

impl Head {
    /// The head of a ledger without events.
    pub const EMPTY: Self = Self { seq: 0, hash: GENESIS };

    /// The head after one more event with this canonical text.
    #[must_use]
    pub fn extend(&self, canonical_text: &str) -> Self {
        Self { seq: self.seq.saturating_add(1), hash: hash_event(&self.hash, canonical_text) }
    }
}

/// One stored event, as far as the chain is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link<'a> {
    /// Its number: 1, 2, 3, … without gaps.
    pub seq: i64,
    /// The stored hash of the event before it.
    pub prev_hash: [u8; 32],
    /// The stored canonical text, byte for byte.
    pub text: &'a str,
    /// The stored hash of this event.
    pub hash: [u8; 32],
}

/// The hash of one event: SHA-256 over the previous hash (32 bytes), the length of the text in
/// bytes (64 bits, big-endian) and the text in UTF-8.
#[must_use]
pub fn hash_event(prev_hash: &[u8; 32], canonical_text: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(prev_hash);
    context.update(&(canonical_text.len() as u64).to_be_bytes());
    context.update(canonical_text.as_bytes());
    let mut hash = [0; 32];
    // SHA-256 gives 32 bytes, so both sides have one length.
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// What is wrong with the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The number is not the next one: an event was removed, inserted or moved.
    #[error("event {expected} was expected here")]
    Sequence {
        /// The number that should have come.
        expected: i64,
    },
    /// The event does not continue the one before it.
    #[error("the event does not continue the one before it")]
    Predecessor,
    /// The stored hash is not the hash of the stored text.
    #[error("the event was changed after it was written")]
    Content,
    /// A column beside the text says something else than the text.
    #[error("the columns say otherwise than the text that was hashed")]
    Columns,
    /// The head row does not name the last event.
    #[error("the ledger does not end where its head says")]
    Head,
    /// An anchored head has this number and another hash: history was rewritten.
    #[error("the event differs from the head that was anchored")]
    Anchor,
    /// A head with this number was anchored and the ledger does not reach so far: its tail was
    /// cut off or the whole table was set back.
    #[error("the ledger ends before this anchored event")]
    Truncated,
}

/// The first place where the ledger cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("event {seq}: {what}")]
pub struct Break {
    /// The number of the event, as stored (of the anchor for [`Fault::Truncated`]).
    pub seq: i64,
    /// What is wrong with it.
    pub what: Fault,
}

/// Verifies a ledger that arrives piece by piece, in the order of `seq`.
#[derive(Debug)]
pub struct Verifier<'a> {
    head: Head,
    anchors: &'a [Head],
}

impl<'a> Verifier<'a> {
    /// Starts before the first event; `anchors` are heads kept outside the database, in any order.
    #[must_use]
    pub const fn new(anchors: &'a [Head]) -> Self {
        Self::resume(Head::EMPTY, anchors)
    }

    /// Starts after a head that is already trusted. Anchors before it are not looked at.
    #[must_use]
    pub const fn resume(head: Head, anchors: &'a [Head]) -> Self {
        Self { head, anchors }
    }

    /// Checks the next event.
    ///
    /// # Errors
    /// The break, when the event is not what has to come here. Stop then: what follows a break
    /// is not checked.
    pub fn push(&mut self, link: &Link<'_>) -> Result<(), Break> {
        let at = |what| Break { seq: link.seq, what };
        let next = self.head.extend(link.text);
        if link.seq != next.seq {
            return Err(at(Fault::Sequence { expected: next.seq }));
        }
        if link.prev_hash != self.head.hash {
            return Err(at(Fault::Predecessor));
        }
        if link.hash != next.hash {
            return Err(at(Fault::Content));
        }
        if self.anchors.iter().any(|anchor| anchor.seq == next.seq && anchor.hash != next.hash) {
            return Err(at(Fault::Anchor));
        }
        self.head = next;
        Ok(())
    }

    /// Checks that every anchor was reached and gives the head.
    ///
    /// # Errors
    /// [`Fault::Truncated`] at the furthest anchor beyond the last event.
    pub fn finish(self) -> Result<Head, Break> {
        match self.anchors.iter().map(|anchor| anchor.seq).max() {
            Some(seq) if seq > self.head.seq => Err(Break { seq, what: Fault::Truncated }),
            _ => Ok(self.head),
        }
    }
}

/// Verifies a whole ledger without anchors.
///
/// # Errors
/// The first break.
pub fn verify<'a>(links: impl IntoIterator<Item = Link<'a>>) -> Result<(), Break> {
    let mut verifier = Verifier::new(&[]);
    links.into_iter().try_for_each(|link| verifier.push(&link))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXTS: [&str; 5] = [r#"{"a":1}"#, r#"{"a":2}"#, "{}", r#"{"b":"公开"}"#, "[]"];

    fn ledger() -> Vec<Link<'static>> {
        let mut head = Head::EMPTY;
        TEXTS
            .iter()
            .map(|text| {
                let prev_hash = head.hash;
                head = head.extend(text);
                Link { seq: head.seq, prev_hash, text, hash: head.hash }
            })
            .collect()
    }

    fn check(links: &[Link<'static>], anchors: &[Head]) -> Result<Head, Break> {
        let mut verifier = Verifier::new(anchors);
        links.iter().try_for_each(|link| verifier.push(link))?;
        verifier.finish()
    }

    fn head_of(link: &Link<'_>) -> Head {
        Head { seq: link.seq, hash: link.hash }
    }

    #[test]
    fn the_hash_is_the_documented_one() {
        let mut bytes = vec![0; 32];
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 2]);
        bytes.extend(b"{}");
        let expected = aws_lc_rs::digest::digest(&SHA256, &bytes);
        assert_eq!(hash_event(&GENESIS, "{}"), expected.as_ref());
    }

    #[test]
    fn an_untouched_ledger_verifies() {
        let links = ledger();
        assert_eq!(verify(links.clone()), Ok(()));
        let anchors = [head_of(&links[4]), head_of(&links[2])];
        assert_eq!(check(&links, &anchors), Ok(head_of(&links[4])));
        assert_eq!(check(&[], &[]), Ok(Head::EMPTY));
        let mut resumed = Verifier::resume(head_of(&links[1]), &anchors);
        assert!(links[2..].iter().all(|link| resumed.push(link).is_ok()));
    }

    #[test]
    fn an_edited_event_is_found() {
        let mut links = ledger();
        links[2].text = r#"{"x":1}"#;
        assert_eq!(verify(links.clone()), Err(Break { seq: 3, what: Fault::Content }));
        links[2].hash = hash_event(&links[2].prev_hash, links[2].text);
        assert_eq!(verify(links), Err(Break { seq: 4, what: Fault::Predecessor }));
    }

    #[test]
    fn a_removed_event_is_found() {
        let mut links = ledger();
        links.remove(1);
        let expected = Break { seq: 3, what: Fault::Sequence { expected: 2 } };
        assert_eq!(verify(links.clone()), Err(expected));
        for (link, seq) in links.iter_mut().zip(1..) {
            link.seq = seq;
        }
        assert_eq!(verify(links), Err(Break { seq: 2, what: Fault::Predecessor }));
    }

    #[test]
    fn an_inserted_event_is_found() {
        let mut links = ledger();
        links.insert(2, links[1]);
        assert!(matches!(verify(links), Err(Break { seq: 2, what: Fault::Sequence { .. } })));
    }

    #[test]
    fn a_moved_event_is_found() {
        let mut links = ledger();
        links.swap(1, 2);
        assert!(matches!(verify(links.clone()), Err(Break { what: Fault::Sequence { .. }, .. })));
        links[1].seq = 2;
        links[2].seq = 3;
        assert_eq!(verify(links), Err(Break { seq: 2, what: Fault::Predecessor }));
    }

    #[test]
    fn a_cut_off_tail_and_a_rewritten_history_need_an_anchor() {
        let links = ledger();
        let anchor = [head_of(&links[3])];
        assert!(verify(links[..3].to_vec()).is_ok());
        let truncated = Break { seq: 4, what: Fault::Truncated };
        assert_eq!(check(&links[..3], &anchor), Err(truncated));
        assert_eq!(check(&[], &anchor), Err(truncated));

        let mut head = Head::EMPTY;
        let rewritten: Vec<_> = TEXTS
            .iter()
            .rev()
            .map(|text| {
                let prev_hash = head.hash;
                head = head.extend(text);
                Link { seq: head.seq, prev_hash, text, hash: head.hash }
            })
            .collect();
        assert!(verify(rewritten.clone()).is_ok());
        assert_eq!(check(&rewritten, &anchor), Err(Break { seq: 4, what: Fault::Anchor }));
    }

    proptest! {
        #[test]
        fn moving_the_border_between_texts_changes_the_hash(a in "[a-z]{1,6}", b in "[a-z]{1,6}") {
            let joined = format!("{a}{b}");
            let two = Head::EMPTY.extend(&a).extend(&b);
            prop_assert_ne!(two.hash, Head::EMPTY.extend(&joined).extend("").hash);
        }
    }
}
