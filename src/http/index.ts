export { bareHost, matchesHost } from './host-pattern.ts'
export { isForbidden, isMetadata } from './special-addresses.ts'
