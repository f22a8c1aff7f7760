/** One door to the server: every call, header and problem response passes here. */

import { queryString } from "./query";
import type { paths } from "./schema.generated";

export const API_ROOT = "/api/v1";

export type FieldProblem = { field: string; detail: string };

/** An RFC 9457 problem, or a failure to reach the server at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: FieldProblem[] = [],
    /** The kind of problem, as `/problems/forbidden`. */
    readonly kind = "",
  ) {
    super(detail || title);
    this.name = "ApiError";
  }
}

function problemOf(status: number, text: string, retryAfter: string | null): ApiError {
  const wait = retryAfter ? ` Try again in ${retryAfter} seconds.` : "";
  try {
    const body = JSON.parse(text);
    const title = body.title ?? `The server answered ${status}`;
    return new ApiError(status, title, (body.detail ?? "") + wait, body.errors, body.type);
  } catch {
    return new ApiError(status, `The server answered ${status}`, wait.trim());
  }
}

/** After a change was sent nobody knows whether it arrived: the page must not promise that it did not. */
const UNREACHABLE = (reading: boolean) =>
  new ApiError(
    0,
    "The server cannot be reached",
    reading
      ? "Nothing was changed. Check the connection and try again."
      : "Whether it was done is unknown. Check the connection, then read the page again before you repeat it.",
  );

type Query = Parameters<typeof queryString>[0];
type Method = "get" | "post" | "put" | "patch" | "delete";
/** The paths of the contract that know a method. */
type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends { responses: unknown } ? P : never;
}[keyof paths];
type Told<P extends keyof paths, M extends Method> = paths[P][M] extends { parameters: infer Given } ? Given : never;
type QueryOf<P extends keyof paths, M extends Method> =
  NonNullable<Told<P, M> extends { query?: infer Q } ? Q : never> extends infer Q
    ? { [Name in keyof Q]: Q[Name] | null }
    : never;
type BodyOf<P extends keyof paths, M extends Method> = paths[P][M] extends {
  requestBody: { content: { "application/json": infer Body } };
}
  ? Body
  : undefined;
type Answered<Responses, Status extends number> = Responses extends {
  [S in Status]: { content: { "application/json": infer Answer } };
}
  ? Answer
  : never;
type AnswerOf<P extends keyof paths, M extends Method> = paths[P][M] extends { responses: infer Responses }
  ? Responses extends { 200: { content: { "application/json": unknown } } }
    ? Answered<Responses, 200> | Answered<Responses, 202>
    : undefined
  : undefined;

type Asked<P extends keyof paths, M extends Method> = {
  path?: Record<string, string>;
  query?: QueryOf<P, M>;
  body?: BodyOf<P, M>;
  signal?: AbortSignal;
};

/** The address of a path of the contract: its parts in braces filled in, the query behind it. */
export function address(path: string, parts: Record<string, string> = {}, query: Query = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ""));
  return filled + queryString(query);
}

/** Asks the member to show once more who he is; false when he would rather not. */
let confirm: (() => Promise<boolean>) | undefined;
/** Who asks, when the server wants a fresh proof before a dangerous act. The call is repeated after it. */
export function confirmWith(ask: typeof confirm): void {
  confirm = ask;
}

function caller<M extends Method>(method: M) {
  const send = sender(method);
  return async <P extends PathOf<M>>(path: P, asked: Asked<P, M> = {}): Promise<AnswerOf<P, M>> => {
    try {
      return await send(path, asked);
    } catch (problem) {
      const stale = problem instanceof ApiError && problem.kind === "/problems/reauthenticate";
      if (!stale || !(await confirm?.())) throw problem;
      return send(path, asked);
    }
  };
}

function sender<M extends Method>(method: M) {
  return async <P extends PathOf<M>>(path: P, asked: Asked<P, M>): Promise<AnswerOf<P, M>> => {
    const headers: Record<string, string> = { Accept: "application/json" };
    // The server refuses unsafe methods without this header: a foreign page cannot set it without a preflight.
    if (method !== "get") headers["X-Veritrail"] = "1";
    if (asked.body !== undefined) headers["Content-Type"] = "application/json";
    let response: Response;
    let text: string;
    try {
      response = await fetch(API_ROOT + address(path, asked.path, asked.query as Query), {
        method: method.toUpperCase(),
        headers,
        credentials: "same-origin",
        body: asked.body === undefined ? undefined : JSON.stringify(asked.body),
        signal: asked.signal,
      });
      text = await response.text();
    } catch (cause) {
      if (asked.signal?.aborted) throw cause;
      throw UNREACHABLE(method === "get");
    }
    if (!response.ok) throw problemOf(response.status, text, response.headers.get("Retry-After"));
    return (text ? JSON.parse(text) : undefined) as AnswerOf<P, M>;
  };
}

export const get = caller("get");
export const post = caller("post");
export const put = caller("put");
export const patch = caller("patch");
export const remove = caller("delete");

type Sending = { path?: Record<string, string>; query?: Query; type?: string; progress: (share: number) => void };

/** A file as the raw body; `fetch` cannot report how much has been sent, so this one call uses XMLHttpRequest. */
export function upload<P extends PathOf<"post">>(path: P, file: File, sending: Sending): Promise<AnswerOf<P, "post">> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", API_ROOT + address(path, sending.path, sending.query));
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-Veritrail", "1");
    request.setRequestHeader("Content-Type", sending.type || file.type || "application/octet-stream");
    request.upload.onprogress = (sent) => sent.lengthComputable && sending.progress(sent.loaded / sent.total);
    request.onerror = () => reject(UNREACHABLE(false));
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as AnswerOf<P, "post">);
      else reject(problemOf(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    };
    request.send(file);
  });
}
