//! The press of the server: one at a time, and no fonts are no end of it.

use actix_web::ResponseError as _;
use gongkai::http::problem::Problem;
use gongkai::paper::fonts::FontError;
use gongkai::paper::{self, FontSettings, Marking, PaperError};
use gongkai::service::paper::{Press, PressError};

use crate::samples::{edition, fonts, letter, sample};
use gongkai::domain::letter::Block;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn letters_that_are_asked_for_together_are_all_printed_alike() {
    let press = Press::new(&FontSettings::default());
    let sheet = sample("partial_disclosure");
    let expected = paper::pdf(&sheet, &edition(Marking::Issued), &fonts()).unwrap();
    run(async {
        let letter = || press.pdf(sheet.clone(), edition(Marking::Issued));
        let ((first, second), third) = tokio_join(tokio_join(letter(), letter()), letter()).await;
        for printed in [first, second, third] {
            assert_eq!(printed.unwrap(), expected);
        }
    });
}

async fn tokio_join<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(|context| {
        use std::task::Poll;
        if first.is_none()
            && let Poll::Ready(value) = a.as_mut().poll(context)
        {
            first = Some(value);
        }
        if second.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(context)
        {
            second = Some(value);
        }
        match (first.take(), second.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (first, second) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

#[test]
fn fonts_that_come_later_are_found() {
    let folder = std::env::temp_dir().join(format!("gongkai-later-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let settings = FontSettings { folders: vec![folder.clone()], ..FontSettings::default() };
    let press = Press::new(&settings);
    let print = || run(press.pdf(sample("refusal"), edition(Marking::Issued)));
    let missing = PressError::Paper(PaperError::Font(FontError::NoChineseFont));
    assert_eq!(print().unwrap_err(), missing);
    let places = fonts();
    let (_, place) = places.places().next().unwrap();
    let linked = folder.join("NotoSerifCJK-Regular.ttc");
    std::os::unix::fs::symlink(&place.path, &linked).unwrap();
    assert!(print().is_ok());
    // And those that go are missed, not remembered.
    std::fs::remove_file(linked).unwrap();
    assert_eq!(print().unwrap_err(), missing);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_fonts_lack_is_told_with_a_code_of_its_own() {
    let press = Press::new(&FontSettings::default());
    let sheet = letter(vec![Block::Paragraph("王\u{e123}".to_owned())]);
    let failed = run(press.pdf(sheet, edition(Marking::Issued))).unwrap_err();
    let problem = Problem::from(failed);
    assert_eq!(
        (problem.to_string().as_str(), problem.status_code().as_u16()),
        ("glyph_missing", 503)
    );
    let missing = PressError::Paper(PaperError::Font(FontError::NoChineseFont));
    let problem = Problem::from(missing);
    assert_eq!(
        (problem.to_string().as_str(), problem.status_code().as_u16()),
        ("font_missing", 503)
    );
    let form = Problem::from(PaperError::Form("a limit of the form".to_owned()));
    assert_eq!((form.to_string().as_str(), form.status_code().as_u16()), ("internal_error", 500));
    let broken = Problem::from(PressError::BrokenOff);
    assert_eq!(broken.to_string(), "internal_error");
}
