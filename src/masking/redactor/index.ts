/** Hides secrets in streams of bytes as they pass, wherever the bytes are cut. */
export { PatternMatcher } from './pattern-matcher.ts'
export { HiddenPatterns, IDLE_MS, IMPATIENT_MS, LINE_END_MS, Redactor } from './redactor.ts'
