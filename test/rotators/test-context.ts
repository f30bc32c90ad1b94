// Authors of rotators run the same code: it is `esc/testkit`.
export * from '../../src/testkit/index.ts'
