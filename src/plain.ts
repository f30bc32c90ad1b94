// `Plain` and `Secret` are made of each other, so they stand in one file.
export type { Plain, PlainObject } from './secret.ts'
