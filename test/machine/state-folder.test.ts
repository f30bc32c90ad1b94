import { expect } from 'chai'
import { stateFolder, storeIdentity } from '../../src/machine/index.ts'

describe('the state folder', () => {
  it('is the one that ESC_STATE_HOME names', () => {
    const env = { ESC_STATE_HOME: '/state', ESC_CONFIG_HOME: '/config', XDG_STATE_HOME: '/xdg', HOME: '/home/ann' }
    expect(stateFolder(env, 'linux')).to.equal('/state')
  })

  it('lies below a configuration folder that was named', () => {
    expect(stateFolder({ ESC_CONFIG_HOME: '/config', XDG_STATE_HOME: '/xdg' }, 'linux')).to.equal('/config/state')
  })

  it('is where the system keeps state otherwise', () => {
    expect(stateFolder({ XDG_STATE_HOME: '/xdg' }, 'linux')).to.equal('/xdg/esc')
    expect(stateFolder({ HOME: '/home/ann' }, 'linux')).to.equal('/home/ann/.local/state/esc')
    expect(stateFolder({ HOME: '/Users/ann' }, 'darwin')).to.equal('/Users/ann/Library/Application Support/esc/state')
  })

  it('is never below the current folder, whatever HOME says', () => {
    expect(stateFolder({ HOME: '' }, 'linux')).to.match(/^\/.+\.local\/state\/esc$/)
  })
})

describe('the identity of a store', () => {
  it('differs for every folder, and stays the same for one', () => {
    expect(storeIdentity('/a/environments')).to.equal(storeIdentity('/a/environments'))
    expect(storeIdentity('/a/environments')).to.not.equal(storeIdentity('/b/environments'))
    expect(storeIdentity('/a/environments')).to.match(/^[0-9a-f]{32}$/)
  })
})
