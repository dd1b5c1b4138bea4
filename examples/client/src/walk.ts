// One application from the counter to its served answer, as four people work on it. Start the demo
// (`gongkai demo`), then: GONGKAI_URL=http://127.0.0.1:8080 npm start

import assert from "node:assert/strict";
import { Refused, Session, withRepair } from "./api.js";

const url = process.env["GONGKAI_URL"] ?? "http://127.0.0.1:8080";
const say = (text: string) => console.log(text);
const logIn = (name: string) => Session.logIn(url, name, `demo-${name}-2011`);

/** Today in Asia/Shanghai, where legal days are counted. */
const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(new Date());

say("1. Five people log in");
const clerk = await logIn("chaxun");
const officer = await logIn("huzheng");
const issuer = await logIn("chaxun2");
const reviewer = await logIn("baomi");
const supervisor = await logIn("jiandu");
for (const { user } of [clerk, officer, issuer, reviewer, supervisor]) {
  say(`   ${user.username}: ${user.display_name}, ${user.role}`);
}
const before = await supervisor.replyRate(today, today);

say("2. The counter receives and registers in one request");
const received = await clerk.receive(
  {
    applicant: {
      type: "natural_person",
      name: "李示例",
      id_kind: "resident_id_card",
      id_number: "220102199003071235",
      phone: "13800000000",
    },
    subject: "2025年度户政业务收费标准",
    channel: "in_person",
    register: true,
  },
  `example-client-${crypto.randomUUID()}`,
);
assert.equal(received.status, "registered");
assert.match(received.query_code, /^\w{4}(-\w{4}){3}$/);
say(`   ${received.case_number}, due on ${received.clock?.due_date}`);
say(`   the applicant's query code, shown once: ${received.query_code.slice(0, 4)}-…`);

const waiting = await clerk.worklist("unassigned");
assert.ok(waiting.some((line) => line.id === received.id), "it waits to be assigned");
say(`   it is one of the cases that wait to be assigned`);

say("3. What may the clerk do now?");
const actions = await clerk.actions(received.id);
const allowed = actions.filter((action) => action.allowed);
say(`   may:     ${allowed.map((action) => action.label).join(", ")}`);
const refused = actions.find((action) => action.action === "accept");
assert.ok(refused && !refused.allowed && refused.reasons.length > 0);
say(`   may not: ${refused.label}: ${refused.reasons.map((reason) => reason.text).join("; ")}`);
const form = allowed.find((action) => action.action === "assign")?.body?.schema;
assert.ok(form && "properties" in form, "the form of an action comes with it");

say("4. It is assigned to the household center");
const center = (await clerk.units()).find((unit) => unit.code === "household_center");
assert.ok(center?.may_hold);
const assigned = await clerk.assign(received, { unit_id: center.id, note: "请尽快办理" });
assert.equal(assigned.status, "assigned");
say(`   ${center.name}, version ${assigned.version}`);

say("5. Two people change it at once: 412, and its repair");
const accepted = await officer.accept(assigned);
const corrected = await withRepair(clerk, assigned, (current) =>
  clerk.amend(current, { reason: "申请人更正", subject: "2025年度户籍业务收费标准" }),
);
assert.equal(corrected.repaired, true, "the clerk's version was stale");
assert.equal(corrected.changed.version, accepted.version + 1);
say(`   the clerk had version ${assigned.version}, the officer made it ${accepted.version};`);
say(`   read again, decided again: version ${corrected.changed.version}, ${corrected.changed.subject}`);

say("6. The officer drafts; what the decision demands is in the dictionaries");
const { decisions } = await officer.dictionaries();
const disclose = decisions.find((decision) => decision.code === "disclose");
const basis = disclose?.rule_sets.find(({ rule_set }) => rule_set === received.clock?.rule_set);
assert.deepEqual(basis?.required_fields, ["provided"]);
say(`   ${disclose?.label.zh} (${basis.basis}) needs: ${basis.required_fields.join(", ")}`);
const drafted = await officer.draftAnswer(corrected.changed, {
  decision: "disclose",
  provided: "2025年度户籍业务收费标准一份",
});

say("7. A secrecy reviewer passes it; the drafter may not issue his own answer, a colleague may");
await assert.rejects(officer.answer(drafted), (error) => {
  assert.ok(error instanceof Refused);
  assert.equal(error.problem.status, 403);
  assert.equal(error.problem.code, "drafter_is_issuer");
  say(`   ${error.message}`);
  return true;
});
const reviewed = await reviewer.review(drafted, { kind: "secrecy", verdict: "passed" });
const answered = await issuer.answer(reviewed);
assert.equal(answered.status, "answered");
assert.equal(answered.clock?.answer_date ?? null, null, "not before it is served");

say("8. It is served, and counts as answered on the day of service");
const served = await clerk.serve(answered, {
  letter: "answer",
  service: { manner: "handed_over", signed_at: today },
});
assert.equal(served.clock?.answer_date, today);
assert.equal(served.clock?.on_time, true);
say(`   answered on ${served.clock?.answer_date}, on time: ${served.clock?.on_time}`);

say("9. The supervisor sees it in the reply rate");
const after = await supervisor.replyRate(today, today);
assert.equal(after.numerator, before.numerator + 1);
assert.equal(after.denominator, before.denominator + 1);
say(`   ${after.numerator} of ${after.denominator} replied to: ${after.rate} %`);
say("done");
