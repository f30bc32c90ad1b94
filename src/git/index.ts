export { type GitIdentity, gitIdentity } from './identity.ts'
export { type GitOptions, machineGit, type RunGit } from './machine-git.ts'
export { findRepository, type GitRepository } from './repository.ts'
export { complaint, describeNotFollowed, type GitResult } from './run.ts'
