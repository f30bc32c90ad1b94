export { commonCommitWith, trackedNames, tracksAny } from './ask-git.ts'
export { gitIdentity } from './identity.ts'
export { type GitOptions, machineGit, type RunGit } from './machine-git.ts'
export { complaint, describeNotFollowed, type GitResult } from './run.ts'
