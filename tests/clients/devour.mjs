// As kitsu.mjs, through the client library devour-client, which wants to know each type's attributes beforehand and makes
// the names of types from those of models. test_devour.py says what must come out.

import { readFileSync } from 'node:fs'
import JsonApi from 'devour-client'

const { url, ann, bob } = JSON.parse(readFileSync(0, 'utf8'))
if (!url) throw new Error('where is the API?') // a library may have an address of its own to fall back on

const client = token => {
  const made = new JsonApi({ apiUrl: url, bearer: token, logger: false, errorBuilder: error => error })
  made.define('user', { email: '', name: '' })
  made.define('shelf', {
    title: '', room: '', owner: { jsonApi: 'hasOne', type: 'users' }, tickets: { jsonApi: 'hasMany', type: 'tickets' }
  })
  made.define('ticket', {
    subject: '', body: '', serial: null, stage: '', slug: '', price: null,
    shelf: { jsonApi: 'hasOne', type: 'shelves' }, customer: { jsonApi: 'hasOne', type: 'users' }
  }, { readOnly: ['stage', 'slug'] })
  made.define('solve', { how: '' }, { collectionPath: 'solve', type: 'tickets' })
  return made
}
const api = client(ann)

const there = link => new URL(link, url).href

const failure = async request => {
  try { await request } catch (errors) { return errors }
  throw new Error('it went through')
}

const shelfWith = async (...subjects) => {
  const { data: shelf } = await api.create('shelf', { title: 'A shelf' })
  const tickets = []
  for (const subject of subjects) tickets.push((await api.create('ticket', { subject, shelf: { id: shelf.id } })).data)
  return [shelf, ...tickets]
}

const list = async () => {
  const [shelf] = await shelfWith('Ant', 'Bee', 'Cow')
  const { data, meta, links } = await api.findAll('ticket', {
    filter: { shelf: shelf.id, subject: { ne: 'Cow' } }, sort: '-subject', page: { size: 1, total: true }
  })
  const { data: next, links: last } = await api.request(there(links.next))
  return { meta, subjects: [data, next].map(page => page.map(each => each.subject)), last: !last.next }
}

const included = async () => {
  const [shelf] = await shelfWith('Ant', 'Bee')
  const tickets = await api.findAll('ticket', { filter: { shelf: shelf.id }, include: 'shelf.owner,customer' })
  const { data } = await api.find('shelf', shelf.id, { include: 'tickets.customer' })
  return {
    owners: tickets.data.map(each => [each.shelf.title, each.shelf.owner.email, each.customer.email]),
    tickets: data.tickets.map(each => [each.subject, each.customer.email]).sort()
  }
}

const written = async () => {
  const [shelf] = await shelfWith()
  const { data: made } = await api.create('ticket', { subject: 'It squeaks', shelf: { id: shelf.id }, price: { amount: 5, currency: 'EUR' } })
  const { data: changed } = await api.update('ticket', { id: made.id, subject: 'It creaks' })
  const { data: off } = await api.update('ticket', { id: made.id, shelf: null })
  return {
    made: [made.subject, made.stage, made.shelf.id === shelf.id, made.price.amount, made.meta.version],
    changed: [changed.subject, changed.slug, changed.shelf.id === shelf.id, changed.meta.version], off: off.shelf
  }
}

const related = async () => {
  const [shelf, ticket] = await shelfWith('Ant')
  const { data: tickets } = await api.one('shelf', shelf.id).all('ticket').get()
  const { data: linkage } = await api.one('ticket', ticket.id).relationships('shelf').get()
  return { subjects: tickets.map(each => each.subject), linkage: linkage.type === 'shelves' && linkage.id === shelf.id }
}

const moved = async () => {
  const [, ticket] = await shelfWith('Squeaky')
  const { data } = await api.one('ticket', ticket.id).all('solve').post({ how: 'with oil' })
  return { stage: data.stage, again: await failure(api.one('ticket', ticket.id).all('solve').post({ how: 'again' })) }
}

const deleted = async () => {
  const [shelf, ticket] = await shelfWith('Ant')
  const held = await failure(api.destroy('shelf', shelf.id))
  await api.destroy('ticket', ticket.id)
  await api.destroy('shelf', shelf.id)
  return { held, gone: [await failure(api.find('ticket', ticket.id)), await failure(api.find('shelf', shelf.id))] }
}

const refused = async () => {
  const [, ticket] = await shelfWith('Ant')
  return {
    invalid: await failure(api.create('ticket', { subject: 'no capital', serial: 0 })),
    nobody: await failure(client(null).create('shelf', { title: 'Mine' })),
    stranger: await failure(client(bob).find('ticket', ticket.id))
  }
}

const seen = {}
for (const step of [list, included, written, related, moved, deleted, refused]) seen[step.name] = await step()
console.log(JSON.stringify(seen))
