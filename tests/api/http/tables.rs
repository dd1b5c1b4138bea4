//! Templates and tables of a bureau's own, from a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use gongkai::service::tables::Tables;
use serde_json::{Value, json};

use crate::support::client::Api;
use crate::support::on_both;
use crate::support::world::{Place, Who, World};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn with(files: &[(&str, String)]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("gongkai-tables-{}-{number}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(folder.0.join("letters")).unwrap();
        for (name, text) in files {
            fs::write(folder.0.join(name), text).unwrap();
        }
        folder
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn builtin(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    fs::read_to_string(root.join(name)).unwrap()
}

/// A built-in file with one thing changed.
fn changed(name: &str, from: &str, to: &str) -> (String, String) {
    let text = builtin(name);
    assert!(text.contains(from), "{from} is not in {name}");
    (name.to_owned(), text.replacen(from, to, 1))
}

/// The built-in decisions, with one of them changed.
fn decision(code: &str, change: impl Fn(&mut Value)) -> String {
    let mut table: Value = serde_json::from_str(&builtin("decisions.json")).unwrap();
    let rows = table["decisions"].as_array_mut().unwrap();
    change(rows.iter_mut().find(|row| row["code"] == code).unwrap());
    table.to_string()
}

on_both! {
    async fn a_bureau_words_its_letters_for_itself(world: World) {
        let disclosure = "%head {{ agency }}\n%number {{ number }}\n%title 公开告知书\n%to {{ addressee }}：\n\
            经审查，{{ provided | clause }}予以公开。依据：{{ basis_words }}。\n{{ remedy }}\n%sign {{ agency }}\n%date {{ issued_on }}\n";
        let (_, series) = changed("letter_series.json", "长公公开予〔", "吉公公开予〔");
        let (_, remedies) = changed("remedies.json", "如不服", "如对本告知不服");
        let own = decision("disclose", |row| {
            row["rule_sets"]["2019"]["zh"] = json!("第三十六条第(二)项和第四十条");
            row["rule_sets"]["2019"]["required"].as_array_mut().unwrap()
                .push(json!({ "field": "how_to_obtain", "article": "2019 art. 36(2)", "mark": "[A]" }));
            row["rule_sets"]["2019"]["optional"] = json!(["consultation_result"]);
        });
        let folder = Folder::with(&[
            ("letters/disclosure.txt", disclosure.to_owned()),
            ("letter_series.json", series),
            ("remedies.json", remedies),
            ("decisions.json", own),
        ]);
        let mut world = world;
        world.app = world.app_with_tables(folder.path().to_owned());
        let api = Api::on(world).await;
        let case = api.assigned(Place::CenterA).await;
        let case = api.done(Who::OfficerA, &case, "accept", &json!({})).await;
        let mut draft = json!({ "decision": "disclose", "provided": "收费标准一份" });
        let lacks = api.act(Who::OfficerA, &case, "draft-answer", &draft).await;
        assert_eq!(lacks.verdict(), (422, "fact_missing".to_owned()));
        assert_eq!(lacks.json()["errors"][0]["pointer"], "#/how_to_obtain");
        draft["how_to_obtain"] = json!("随本告知书寄送");
        let case = api.done(Who::OfficerA, &case, "draft-answer", &draft).await;
        let case = api.reviewed(&case).await;
        let case = api.done(Who::SecondClerk, &case, "answer", &json!({})).await;
        assert_eq!(case["letters"][0]["number"], "吉公公开予〔2025〕1号");
        let page = api.get(Who::OfficerA, case["letters"][0]["links"]["html"].as_str().unwrap()).await;
        for said in ["<h1>公开告知书</h1>", "收费标准一份予以公开。", "第三十六条第（二）项和第四十条", "吉公公开予〔2025〕1号"] {
            assert!(page.text.contains(said), "{said} in {}", page.text);
        }
        // The dictionaries tell what holds here.
        let told = api.get(Who::OfficerA, "/api/v1/dictionaries").await;
        assert_eq!(told.status, 200);
        assert!(told.text.contains("第三十六条第(二)项和第四十条"), "{}", told.text);
        assert_eq!(api.world.differences(), Vec::<String>::new());
    }
}

#[test]
fn what_does_not_prove_is_told_by_its_file() {
    let read = |folder: &Folder| Tables::read(Some(folder.path()), "长公公开〔{year}〕{n}号");
    assert!(read(&Folder::with(&[])).is_ok(), "an empty folder replaces nothing");
    let template = |text: &str| ("letters/refusal.txt".to_owned(), text.to_owned());
    let named = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let of =
        |change: &dyn Fn(&mut Value)| ("decisions.json".to_owned(), decision("disclose", change));
    for ((name, text), what) in [
        // Of templates: a fact that nobody gives, a filter and a directive that are none, a row
        // without end, a loop that is not closed, a letter to a third party about the applicant.
        (template("%title 一\n{{ phone }}"), "phone"),
        (template("%title 一\n{{ subject | upperst }}"), "filter"),
        (template("%titel 一\n{{ subject }}"), "directive"),
        (template("%title 一\n| {{ subject }}"), "row"),
        (template("%title 一\n{% for text in inserts %}{{ text }}"), "syntax"),
        (template("%title 一\n{% if not remedy %}{{ subject | upperst }}{% endif %}"), "filter"),
        (named("letters/third_party_consultation.txt", "%title 一\n{{ addressee }}"), "addressee"),
        (named("letters/love_letter.txt", "%title 一"), "no such kind"),
        (named("letters/refusal.md", "%title 一"), "no template"),
        // Of tables.
        (named("desicions.json", "{}"), "none of the files"),
        (named("decisions.json", "{"), "EOF"),
        (of(&|row| row["code"] = json!("disclosed")), "codes"),
        (of(&|row| row["annual_row"] = json!("3.2")), "annual_row"),
        (of(&|row| row["rule_sets"]["2007"] = Value::Null), "exists"),
        (of(&|row| row["rule_sets"]["2019"]["zh"] = json!(" ")), "without words"),
        (
            of(&|row| row["rule_sets"]["2019"]["optional"] = json!(["provided"])),
            "demanded and optional",
        ),
        (
            of(&|row| row["rule_sets"]["2019"]["required"][0]["article"] = json!("")),
            "without an article",
        ),
        (of(&|row| row["reconsideration_first"] = json!(true)), "told otherwise"),
        (changed("letter_series.json", "长公公开予〔", "长公公开部〔"), "look alike"),
        (
            changed("letter_series.json", "\"code\": \"disclosure\"", "\"code\": \"disclosures\""),
            "no series",
        ),
        (
            changed("letter_series.json", "长公公开予〔{year}〕{n}号", "长公公开〔{year}〕{n}号"),
            "those of cases",
        ),
        (
            changed(
                "remedies.json",
                "\"served_from\": \"2008-05-01\"",
                "\"served_from\": \"2009-05-01\"",
            ),
            "first text",
        ),
    ] {
        let folder = Folder::with(&[(name.as_str(), text)]);
        let Err(error) = read(&folder) else { panic!("{name} was taken, without {what}") };
        let said = error.to_string();
        assert!(said.contains(what), "{what}: {said}");
        let file = name.trim_start_matches("letters/").trim_end_matches(".txt");
        assert!(said.contains(file) || name == "decisions.json", "{name}: {said}");
    }
    let nowhere = Tables::read(Some(Path::new("/nowhere/at/all")), "长公公开〔{year}〕{n}号");
    assert!(nowhere.is_err(), "a folder that is not there");
}
