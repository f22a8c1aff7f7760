/** One door to the server: every call, header and problem response passes here. */

export const API_ROOT = "/api/v1";

export type FieldProblem = { field: string; detail: string };

/** An RFC 9457 problem, or a failure to reach the server at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: FieldProblem[] = [],
  ) {
    super(detail || title);
    this.name = "ApiError";
  }
}

async function problemOf(response: Response): Promise<ApiError> {
  try {
    const body = await response.json();
    return new ApiError(response.status, body.title ?? response.statusText, body.detail ?? "", body.errors ?? []);
  } catch {
    return new ApiError(response.status, `The server answered ${response.status}`, response.statusText);
  }
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

async function call<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  // The server refuses unsafe methods without this header: a foreign page cannot set it without a preflight.
  if (method !== "GET") headers["X-Veritrail"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(API_ROOT + path, {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, "The server cannot be reached", "Nothing was changed. Check the connection and try again.");
  }
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>("GET", path, undefined, signal);
export const post = <T>(path: string, body?: unknown) => call<T>("POST", path, body);
export const patch = <T>(path: string, body?: unknown) => call<T>("PATCH", path, body);
export const remove = <T>(path: string) => call<T>("DELETE", path);
