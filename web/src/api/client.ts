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

function problemOf(status: number, text: string, retryAfter: string | null): ApiError {
  const wait = retryAfter ? ` Try again in ${retryAfter} seconds.` : "";
  try {
    const body = JSON.parse(text);
    return new ApiError(status, body.title ?? `The server answered ${status}`, (body.detail ?? "") + wait, body.errors);
  } catch {
    return new ApiError(status, `The server answered ${status}`, wait.trim());
  }
}

const UNREACHABLE = () =>
  new ApiError(0, "The server cannot be reached", "Nothing was changed. Check the connection and try again.");

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
    throw UNREACHABLE();
  }
  if (!response.ok) throw problemOf(response.status, await response.text(), response.headers.get("Retry-After"));
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>("GET", path, undefined, signal);
export const post = <T>(path: string, body?: unknown) => call<T>("POST", path, body);
export const patch = <T>(path: string, body?: unknown) => call<T>("PATCH", path, body);
export const remove = <T>(path: string) => call<T>("DELETE", path);

/** A file as the raw body; `fetch` cannot report how much has been sent, so this one call uses XMLHttpRequest. */
export function upload<T>(path: string, file: File, progress: (share: number) => void, type = file.type): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", API_ROOT + path);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-Veritrail", "1");
    request.setRequestHeader("Content-Type", type || "application/octet-stream");
    request.upload.onprogress = (sent) => sent.lengthComputable && progress(sent.loaded / sent.total);
    request.onerror = () => reject(UNREACHABLE());
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as T);
      else reject(problemOf(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    };
    request.send(file);
  });
}
