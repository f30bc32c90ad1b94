/** The beginning of the paths by which the console calls the API, with its cookie. */
const prefix = '/console/api/'

/**
 * The path by which a request finds its route. The console calls the API below a prefix of its own,
 * so that the cookie of a browser counts there and nowhere else.
 */
export function routedPath(path: string): string {
  return isConsolePath(path) ? path.slice('/console'.length) : path
}

/** True for the path of a request of the console. */
export function isConsolePath(path: string): boolean {
  return path.startsWith(prefix)
}
