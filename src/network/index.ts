export { isForbidden, isMetadata } from './special-addresses.ts'
