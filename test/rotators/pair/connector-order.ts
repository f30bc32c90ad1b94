import { expect } from 'chai'

/** The JSON a connector gets, `providers.md` A.3.1. */
export interface WireOrder {
  readonly type: string
  readonly host: string
  readonly port: number
  readonly database: string
  readonly managingUser: { readonly username: string; readonly password: string }
  readonly rotateUser: { readonly username: string; readonly password: string; readonly newPassword: string }
}

/** Fails for anything but an order with exactly the members of the protocol. */
export function readOrder(event: unknown): WireOrder {
  const order = event as WireOrder
  expect(order).to.have.all.keys('type', 'host', 'port', 'database', 'managingUser', 'rotateUser')
  expect(order.managingUser).to.have.all.keys('username', 'password')
  expect(order.rotateUser).to.have.all.keys('username', 'password', 'newPassword')
  expect(order.type).to.be.oneOf(['mysql', 'postgres'])
  expect(order.port).to.be.a('number')
  expect(order.rotateUser.newPassword).to.match(/^[\w-]{32}$|^first-/)
  return order
}
