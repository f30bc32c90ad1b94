export { type Decision, decide, decideForStore, holders, principalsOf, type Reason, teamsOf } from './decide.ts'
export { includes, isLevel, type Level, levels } from './level.ts'
export { readAccessRules } from './read-rules.ts'
export { type AccessRule, type AccessRules, samePrincipal, teamPrefix } from './rules.ts'
