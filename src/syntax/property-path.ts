/** A path to a value: names and array indices, such as `a["b.c"][0]`. */
export type PropertyPath = readonly (string | number)[]
