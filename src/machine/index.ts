export { stateFolder } from './state-folder.ts'
export { storeIdentity } from './store-identity.ts'
