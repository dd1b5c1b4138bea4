// A client of the API in one file: the types come from the contract, the requests from
// openapi-fetch. Nothing here is particular to a framework.

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./contract.js";

export type Case = components["schemas"]["CaseView"];
export type Problem = components["schemas"]["ProblemBody"];
type Bodies = components["schemas"];
type ListQuery = NonNullable<paths["/api/v1/cases"]["get"]["parameters"]["query"]>;
type Worklist = NonNullable<ListQuery["worklist"]>;

/** The API said no. `problem.code` is stable; show `problem.title` and the `errors` to people. */
export class Refused extends Error {
  constructor(
    readonly problem: Problem,
    readonly response: Response,
  ) {
    super(`${problem.status} ${problem.code}: ${problem.title}`);
    this.name = "Refused";
  }
}

/** What openapi-fetch gives back: the data of a success, or the problem of a refusal. */
interface Answer<T> {
  data?: T;
  error?: Problem;
  response: Response;
}

function taken<T>(answer: Answer<T>): T {
  if (answer.data === undefined) {
    if (answer.error === undefined) throw new Error(`an empty answer of ${answer.response.url}`);
    throw new Refused(answer.error, answer.response);
  }
  return answer.data;
}

/** The entity tag of a case as it was seen: what a change of it needs. */
function seen(of: Case): { "If-Match": string } {
  return { "If-Match": `"${of.version}"` };
}

/** One member of staff who is logged in. */
export class Session {
  private constructor(
    private readonly http: ReturnType<typeof createClient<paths>>,
    readonly user: components["schemas"]["UserView"],
  ) {}

  static async logIn(baseUrl: string, username: string, password: string): Promise<Session> {
    const http = createClient<paths>({ baseUrl });
    const session = taken(await http.POST("/api/v1/sessions", { body: { username, password } }));
    const bearer: Middleware = {
      onRequest({ request }) {
        request.headers.set("Authorization", `Bearer ${session.access_token}`);
        return request;
      },
    };
    http.use(bearer);
    return new Session(http, session.user);
  }

  /** Receives an application. The key makes it safe to repeat when the answer was lost. */
  async receive(body: Bodies["ReceiveBody"], key: string) {
    const params = { header: { "Idempotency-Key": key } };
    return taken(await this.http.POST("/api/v1/cases", { params, body }));
  }

  async read(id: string): Promise<Case> {
    return taken(await this.http.GET("/api/v1/cases/{id}", { params: { path: { id } } }));
  }

  async worklist(worklist: Worklist) {
    const answer = await this.http.GET("/api/v1/cases", { params: { query: { worklist } } });
    return taken(answer).items;
  }

  /** What this user may do with a case now, each with its form; and why not the rest. */
  async actions(id: string) {
    const params = { path: { id } };
    return taken(await this.http.GET("/api/v1/cases/{id}/actions", { params })).items;
  }

  async units() {
    return taken(await this.http.GET("/api/v1/units")).items;
  }

  async dictionaries() {
    return taken(await this.http.GET("/api/v1/dictionaries"));
  }

  async assign(of: Case, body: Bodies["AssignBody"]): Promise<Case> {
    const params = { path: { id: of.id }, header: seen(of) };
    return taken(await this.http.POST("/api/v1/cases/{id}/assign", { params, body }));
  }

  async accept(of: Case): Promise<Case> {
    const params = { path: { id: of.id }, header: seen(of) };
    return taken(await this.http.POST("/api/v1/cases/{id}/accept", { params, body: {} }));
  }

  async amend(of: Case, body: Bodies["AmendBody"]): Promise<Case> {
    const params = { path: { id: of.id }, header: seen(of) };
    return taken(await this.http.POST("/api/v1/cases/{id}/amend", { params, body }));
  }

  async draftAnswer(of: Case, body: Bodies["DraftAnswerBody"]): Promise<Case> {
    const params = { path: { id: of.id }, header: seen(of) };
    return taken(await this.http.POST("/api/v1/cases/{id}/draft-answer", { params, body }));
  }

  async review(of: Case, body: Bodies["ReviewBody"]): Promise<Case> {
    const params = { path: { id: of.id }, header: seen(of) };
    return taken(await this.http.POST("/api/v1/cases/{id}/review", { params, body }));
  }

  async answer(of: Case): Promise<Case> {
    const params = { path: { id: of.id }, header: seen(of) };
    return taken(await this.http.POST("/api/v1/cases/{id}/answer", { params, body: {} }));
  }

  async serve(of: Case, body: Bodies["ServeBody"]): Promise<Case> {
    const params = { path: { id: of.id }, header: seen(of) };
    return taken(await this.http.POST("/api/v1/cases/{id}/serve", { params, body }));
  }

  async replyRate(from: string, to: string) {
    const params = { query: { from, to } };
    return taken(await this.http.GET("/api/v1/statistics/reply-rate", { params }));
  }
}

/**
 * Changes a case and repairs 412: when somebody else was faster, the case is read again and `change`
 * decides again on what it is now. Only for changes that are still right then.
 */
export async function withRepair(
  session: Session,
  stale: Case,
  change: (current: Case) => Promise<Case>,
): Promise<{ changed: Case; repaired: boolean }> {
  try {
    return { changed: await change(stale), repaired: false };
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.code !== "stale_version") throw error;
    const current = await session.read(stale.id);
    return { changed: await change(current), repaired: true };
  }
}
