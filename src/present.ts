/**
 * Returns a value of which the code around knows that it is there: the last of a list that is not
 * empty, what was put into a map before. Throws where it is not there: the program is wrong then,
 * and stops before it goes on with nothing.
 */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a value that the program counts on is not there')
  return value
}
