//! Drawing applications: from the rows of the demo's plots, with applicants, districts and days that
//! differ. The same place of the list always draws the same.

use chrono::{Datelike as _, NaiveDate};

use super::DemoError;
use super::data::{Act, ApplicantRow, Plot, Row};
use super::persona::PLACES;
use crate::domain::applicant_type::ApplicantType;
use crate::domain::regulation::Law;

/// Acts on the working day after arrival on which each is done.
pub(super) type Route = Vec<(u32, Act)>;

/// Out of a hundred applications: answered by whom they reached, without another unit.
const ON_THE_SPOT: usize = 45;

/// Out of a hundred applications: withdrawn, lapsed or voided.
const STOPPED: usize = 7;

/// Working days before today within which work may have been left lying, some of it for good.
const RECENT_DAYS: usize = 40;

/// A generator of chance (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    /// The generator for one thing.
    pub(super) fn of(thing: usize) -> Self {
        Self(thing as u64 ^ 0x6f70_656e_2d67_6f76)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or_default()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Result<&'a T, DemoError> {
        let missing = || DemoError::Data("nothing to draw from".to_owned());
        from.get(self.below(from.len())).ok_or_else(missing)
    }
}

/// What is drawn from.
pub(super) struct Deck {
    on_the_spot: Vec<(Row, Route)>,
    worked_on: Vec<(Row, Route)>,
    stopped: Vec<(Row, Route)>,
    districts: Vec<String>,
}

impl Deck {
    /// The rows of both plots, but none that leans on another or is still open.
    pub(super) fn new(year: Plot, open: Plot) -> Result<Self, DemoError> {
        let mut deck = Self {
            on_the_spot: Vec::new(),
            worked_on: Vec::new(),
            stopped: Vec::new(),
            districts: Vec::new(),
        };
        for (plot, is_year) in [(year, true), (open, false)] {
            for row in plot.applications {
                let missing = || DemoError::Data(format!("no route {}", row.route));
                let route = plot.routes.get(&row.route).ok_or_else(missing)?.clone();
                deck.districts.extend(row.d.clone());
                if row.repeats.is_some() {
                    continue;
                }
                let acts = |these: &[Act]| route.iter().any(|(_, act)| these.contains(act));
                if acts(&[Act::Withdraw, Act::Lapse, Act::Void]) {
                    deck.stopped.push((row, route));
                } else if is_year && acts(&[Act::Assign]) {
                    deck.worked_on.push((row, route));
                } else if is_year {
                    deck.on_the_spot.push((row, route));
                }
            }
        }
        deck.districts.sort_unstable();
        deck.districts.dedup();
        Ok(deck)
    }

    /// An application that arrives on this day, and what becomes of it.
    pub(super) fn draw(
        &self,
        chance: &mut Chance,
        arrival: NaiveDate,
    ) -> Result<(Row, Route), DemoError> {
        let from = match chance.below(100) {
            0..STOPPED => &self.stopped,
            roll if roll < STOPPED + ON_THE_SPOT => &self.on_the_spot,
            _ => &self.worked_on,
        };
        let (mut row, mut route) = chance.pick(from)?.clone();
        row.d = row.d.is_some().then(|| chance.pick(&self.districts).cloned()).transpose()?;
        row.y = row.y.is_some().then(|| (arrival.year() - 1).to_string());
        if chance.below(3) > 0 {
            serve_at_once(&mut route);
        }
        Ok((row, route))
    }
}

/// The answer goes out on the day on which it is signed.
fn serve_at_once(route: &mut Route) {
    if let [.., (_, issue @ Act::Issue), (_, Act::Serve)] = route.as_mut_slice() {
        *issue = Act::IssueServed;
        route.pop();
    }
}

/// How many acts of a route are done at all: some work is left lying, most of it not for long.
pub(super) fn kept(chance: &mut Chance, acts: usize, days_ago: usize) -> usize {
    let neglected = match days_ago {
        0..=RECENT_DAYS => chance.below(100) < 8,
        _ if days_ago <= 6 * RECENT_DAYS => chance.below(1000) < 3,
        _ => false,
    };
    if neglected { chance.below(acts + 1) } else { acts }
}

/// The working days on which applications arrive, and how many come on each: ever more over the
/// years, with ups and downs, the most lately.
pub(super) struct Arrivals {
    days: Vec<NaiveDate>,
    /// The weights of the days before each, and of all at the end.
    before: Vec<usize>,
    cases: usize,
}

/// One arrival.
pub(super) struct ArrivalDay {
    /// The day.
    pub(super) day: NaiveDate,
    /// Working days from it to today.
    pub(super) days_ago: usize,
    /// The part of the office's morning that is over, in thousandths.
    pub(super) permille: usize,
}

impl Arrivals {
    /// From the first day of the regulation until the day before today.
    pub(super) fn new(law: &Law, today: NaiveDate, cases: usize) -> Result<Self, DemoError> {
        let mut days = Vec::new();
        let mut day = law.rules.text_2007.in_force.from;
        while day < today {
            if law.calendar.is_working_day(day)? {
                days.push(day);
            }
            day = day.succ_opt().ok_or_else(|| DemoError::Data("no day after".to_owned()))?;
        }
        let mut before = vec![0];
        let mut sum = 0;
        for place in 0..days.len() {
            let grown = 100 + 100 * place / days.len();
            let lately = if days.len() - place <= RECENT_DAYS { 3 } else { 1 };
            sum += grown * lately * (70 + Chance::of(place).below(61));
            before.push(sum);
        }
        Ok(Self { days, before, cases })
    }

    /// When the application at this place arrives; later places arrive later.
    pub(super) fn at(&self, place: usize) -> Option<ArrivalDay> {
        let all = *self.before.last()?;
        let share = u128::try_from(all).ok()? * u128::try_from(place).ok()?;
        let reached = usize::try_from(share / u128::try_from(self.cases.max(1)).ok()?).ok()?;
        let at = self.before.partition_point(|&sum| sum <= reached).checked_sub(1)?;
        let (from, to) = (*self.before.get(at)?, *self.before.get(at + 1)?);
        Some(ArrivalDay {
            day: *self.days.get(at)?,
            days_ago: self.days.len() - at,
            permille: (reached - from) * 1000 / (to - from),
        })
    }
}

/// How many people and organisations make so many applications.
pub(super) fn crowd(cases: usize) -> usize {
    (cases / 8).clamp(50, PLACES)
}

/// Somebody out of the crowd. Some come again and again.
pub(super) fn somebody(chance: &mut Chance, crowd: usize) -> usize {
    let few = chance.below(crowd) + 1;
    chance.below(few)
}

/// The applicant at a place of the crowd.
pub(super) fn applicant(place: usize) -> ApplicantRow {
    const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛";
    const FIRST: &str = "建国志玉秀海春晓文永德立明宏桂淑丽振雪庆";
    const SECOND: &str = "英华军芳伟敏静强磊娟艳涛超勇杰霞平刚兰梅辉鹏";
    let letter = |from: &'static str, place: usize| {
        from.chars().nth(place % from.chars().count()).unwrap_or('某')
    };
    let kind = match place % 40 {
        0..34 => ApplicantType::NaturalPerson,
        34 | 35 => ApplicantType::CommercialEnterprise,
        36 => ApplicantType::ResearchInstitution,
        37 => ApplicantType::PublicWelfareOrganization,
        38 => ApplicantType::LegalServiceOrganization,
        _ => ApplicantType::OtherOrganization,
    };
    let number = place / 40 + 1;
    let name = match kind {
        ApplicantType::NaturalPerson => {
            let mut chance = Chance::of(place);
            let mut part = |from| letter(from, chance.below(1 << 16));
            [part(SURNAMES), part(FIRST), part(SECOND)].iter().collect()
        }
        ApplicantType::CommercialEnterprise => format!("长春示例{number}号商贸有限公司"),
        ApplicantType::ResearchInstitution => format!("示例{number}号研究所"),
        ApplicantType::PublicWelfareOrganization => format!("示例{number}号公益协会"),
        ApplicantType::LegalServiceOrganization => format!("示例{number}号律师事务所"),
        ApplicantType::OtherOrganization => format!("示例{number}号业主委员会"),
    };
    ApplicantRow { name, kind }
}
