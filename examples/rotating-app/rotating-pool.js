import pg from 'pg'

/** SQLSTATEs of a refused log-in: the server ran no query. */
const REFUSED_LOGIN = ['28P01', '28000']

/**
 * A pool of PostgreSQL connections that follows the rotations of an environment. Queries that have
 * begun end on the connections they began on; later ones log in as the new user.
 */
export class RotatingPool {
  #store
  #reference
  #path
  #options
  #watch
  /** The pool for new queries, and the revision that its password is from. */
  #current

  /**
   * @param store as `openStore()` returns it
   * @param reference the environment, such as `app/production`
   * @param path where in it `host`, `port`, `name` and `login` are, such as `database`
   * @param options for `pg.Pool`, such as `max`
   */
  static async open(store, reference, path, options = {}) {
    const pool = new RotatingPool()
    pool.#store = store
    pool.#reference = reference
    pool.#path = path
    pool.#options = options
    pool.#watch = await store.watch(reference, (environment) => pool.#use(environment), {
      onProblem: (text) => console.error(`still at revision ${pool.revision}: ${text}`),
    })
    return pool
  }

  /** The revision of the environment that new connections log in with. */
  get revision() {
    return this.#current.revision
  }

  /** The user that new connections log in as. */
  get user() {
    return this.#current.pool.options.user
  }

  async query(text, values) {
    const used = this.#current
    try {
      return await this.#run(used, text, values)
    } catch (error) {
      if (!REFUSED_LOGIN.includes(error.code)) throw error
      // This process was asleep during two rotations. The newest revision has a password that works.
      this.#use(await this.#store.open(this.#reference))
      if (this.#current === used) throw error
      return await this.#run(this.#current, text, values)
    }
  }

  async close() {
    this.#watch.close()
    await retire(this.#current)
  }

  #use(environment) {
    if (this.#current !== undefined && environment.revision <= this.#current.revision) return
    const { host, port, name, login } = environment.get(this.#path)
    const { username, password } = login.current
    const pool = new pg.Pool({
      ...this.#options,
      host,
      port,
      database: name,
      user: username,
      password: password.reveal(),
    })
    // An idle connection that breaks is replaced by the pool. Without a listener it would end the process.
    pool.on('error', (error) => console.error(`a connection was lost: ${error.message}`))
    const before = this.#current
    this.#current = { pool, revision: environment.revision, running: 0 }
    if (before !== undefined) retire(before)
  }

  async #run(used, text, values) {
    used.running++
    try {
      return await used.pool.query(text, values)
    } finally {
      used.running--
      if (used.running === 0) used.drained?.()
    }
  }
}

/** Closes a pool once its queries have ended: `end()` would leave those that wait for a connection unanswered. */
async function retire(used) {
  if (used.running > 0) await new Promise((resolve) => (used.drained = resolve))
  await used.pool.end()
}
