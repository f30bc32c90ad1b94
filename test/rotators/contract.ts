// Authors of rotators run the same code: it is `@gitesc/cli/testkit`.
export * from '../../src/testkit/index.ts'
