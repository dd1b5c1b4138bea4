//! Whether bytes are those that were stored, told before the last of them are given: a store, a disk
//! or a network may have changed them.

use aws_lc_rs::digest;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::Pieces;
use crate::domain::attachment::Sha256;

/// What is still to come, what has come and was not given yet, and the digest of it all.
struct Rest {
    pieces: Pieces,
    held: Option<Bytes>,
    sum: digest::Context,
}

/// The same bytes; an error before the last of them when they are not those of this digest.
pub(super) fn as_stored(pieces: Pieces, expected: Sha256) -> Pieces {
    let rest = Rest { pieces, held: None, sum: digest::Context::new(&digest::SHA256) };
    let next = move |mut rest: Rest| async move {
        while let Some(piece) = rest.pieces.try_next().await? {
            rest.sum.update(&piece);
            if let Some(before) = rest.held.replace(piece) {
                return Ok(Some((before, rest)));
            }
        }
        if rest.sum.clone().finish().as_ref() != expected.0 {
            tracing::error!("the bytes of a file are not those that were stored");
            let source = "the bytes are not those that were stored".into();
            return Err(object_store::Error::Generic { store: "files", source });
        }
        Ok(rest.held.take().map(|last| (last, rest)))
    };
    stream::try_unfold(rest, next).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn given(pieces: &[&'static str], of: &str) -> (String, bool) {
        let pieces = stream::iter(pieces.to_vec()).map(|piece| Ok(Bytes::from(piece))).boxed();
        let mut sum = [0; 32];
        sum.copy_from_slice(digest::digest(&digest::SHA256, of.as_bytes()).as_ref());
        let (mut whole, mut given) = (as_stored(pieces, Sha256(sum)), String::new());
        loop {
            match whole.try_next().await {
                Ok(Some(piece)) => given.push_str(std::str::from_utf8(&piece).unwrap()),
                Ok(None) => return (given, true),
                Err(_) => return (given, false),
            }
        }
    }

    #[test]
    fn the_last_piece_is_given_when_all_are_right() {
        let run = tokio::runtime::Builder::new_current_thread().build().unwrap();
        run.block_on(async {
            assert_eq!(given(&["ab", "c", "d"], "abcd").await, ("abcd".to_owned(), true));
            assert_eq!(given(&["abcd"], "abcd").await, ("abcd".to_owned(), true));
            assert_eq!(given(&["ab", "x", "d"], "abcd").await, ("abx".to_owned(), false));
            assert_eq!(given(&["ab", "c"], "abcd").await, ("ab".to_owned(), false));
            assert_eq!(given(&[], "abcd").await, (String::new(), false));
        });
    }
}
