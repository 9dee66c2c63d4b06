// What a program in JavaScript does with the API through the client library kitsu. Reads where the API is and the tokens of
// two users from its input, and prints what it has seen as one JSON object; test_kitsu.py says what that must be.

import { readFileSync } from 'node:fs'
import Kitsu from 'kitsu'

const { url, ann, bob } = JSON.parse(readFileSync(0, 'utf8'))
if (!url) throw new Error('where is the API?') // a library may have an address of its own to fall back on

const client = token => new Kitsu({
  baseURL: url, pluralize: false, camelCaseTypes: false, resourceCase: 'none',
  headers: token ? { Authorization: `Bearer ${token}` } : {}
})
const api = client(ann)

/** A link as an address: it may be without a host. */
const there = link => new URL(link, url).href

/** What the library says of a request that must fail. */
const failure = async request => {
  try { await request } catch (error) { return { status: error.response.status, errors: error.errors } }
  throw new Error('it went through')
}

/** A new shelf, with tickets on it. */
const shelfWith = async (...subjects) => {
  const { data: shelf } = await api.post('shelves', { title: 'A shelf' })
  for (const subject of subjects) await api.post('tickets', { subject, shelf: { data: { type: 'shelves', id: shelf.id } } })
  return shelf
}

const list = async () => {
  const shelf = await shelfWith('Ant', 'Bee', 'Cow', 'Dog')
  const params = { filter: { shelf: shelf.id, subject: { ne: 'Cow' } }, sort: '-subject', page: { size: 2, total: true } }
  const { data, meta, status } = await api.get('tickets', { params })
  return { status, meta, subjects: data.map(each => each.subject), version: data[0].meta.version }
}

const pages = async () => {
  const shelf = await shelfWith(...[1, 2, 3, 4, 5].map(number => `Number ${number}`))
  const forth = [], back = []
  let page = await api.get('tickets', { params: { filter: { shelf: shelf.id }, sort: 'subject', page: { size: 2 } } })
  for (;;) {
    forth.push(page.data.map(each => each.subject))
    if (!page.links.next) break
    page = await api.request({ url: there(page.links.next) })
  }
  while (page.links.prev) {
    page = await api.request({ url: there(page.links.prev) })
    back.push(page.data.map(each => each.subject))
  }
  return { forth, back }
}

const included = async () => {
  const shelf = await shelfWith('Ant', 'Bee')
  const tickets = await api.get('tickets', { params: { filter: { shelf: shelf.id }, include: 'shelf.owner,customer' } })
  const shelves = await api.get('shelves', { params: { filter: { id: shelf.id }, include: 'tickets.customer' } })
  const one = await api.get(`tickets/${tickets.data[0].id}`, { params: { include: 'shelf', fields: { shelves: 'title' } } })
  return {
    owners: tickets.data.map(each => [each.shelf.data.title, each.shelf.data.owner.data.email, each.customer.data.email]),
    tickets: shelves.data[0].tickets.data.map(each => [each.subject, each.customer.data.email]).sort(),
    one: Object.keys(one.data.shelf.data).sort()
  }
}

const created = async () => {
  const shelf = await shelfWith()
  const { data, status, headers } = await api.post('tickets', {
    subject: 'It squeaks', price: { amount: 250, currency: 'EUR' }, shelf: { data: { type: 'shelves', id: shelf.id } }
  })
  const read = await api.request({ url: there(headers.location) })
  return { status, same: JSON.stringify(read.data) === JSON.stringify(data), ticket: read.data, shelf: shelf.id }
}

const changed = async () => {
  const [shelf, other] = [await shelfWith('Ant'), await shelfWith()]
  const { data: [{ id }] } = await api.get('tickets', { params: { filter: { shelf: shelf.id } } })
  const attributes = await api.patch('tickets', { id, subject: 'Aunt' })
  const moved = await api.patch('tickets', { id, shelf: { data: { type: 'shelves', id: other.id } } })
  const none = await api.patch('tickets', { id, shelf: { data: null } })
  const empty = await api.get(`tickets/${id}/shelf`)
  await api.request({ method: 'PATCH', url: `tickets/${id}/relationships/shelf`, type: 'shelves', body: { id: shelf.id } })
  const linkage = await api.get(`tickets/${id}/relationships/shelf`)
  return {
    statuses: [attributes, moved, none].map(each => each.status),
    subject: attributes.data.subject, slug: attributes.data.slug,
    moved: moved.data.shelf.data.id === other.id, none: 'data' in none.data.shelf, empty: empty.data,
    linked: linkage.data.type === 'shelves' && linkage.data.id === shelf.id
  }
}

const related = async () => {
  const shelf = await shelfWith('Ant', 'Bee')
  const tickets = await api.request({ url: there(shelf.tickets.links.related) })
  const one = await api.request({ url: there(tickets.data[0].shelf.links.related) })
  const linkage = await api.request({ url: there(shelf.tickets.links.self) })
  return {
    subjects: tickets.data.map(each => each.subject).sort(), title: one.data.title,
    linkage: linkage.data.map(each => each.id).sort().join() === tickets.data.map(each => each.id).sort().join()
  }
}

const moved = async () => {
  const shelf = await shelfWith('Squeaky')
  const { data: [{ id }] } = await api.get('tickets', { params: { filter: { shelf: shelf.id } } })
  const solve = body => api.request({ method: 'POST', url: `tickets/${id}/solve`, type: 'tickets', body })
  const { status, data } = await solve({ how: 'with oil' })
  return { status, stage: data.stage, again: await failure(solve({ how: 'again' })) }
}

const accepted = async () => {
  const hers = client(bob)
  const { data: [template] } = await hers.get('templates', { params: { filter: { status: 'published' } } })
  const body = { name: 'first', template: { data: { type: 'templates', id: template.id } } }
  const { data } = await hers.post('deployments', body)
  const { status, data: started } = await hers.request({ method: 'POST', url: `deployments/${data.id}/start`, type: 'deployments' })
  return { status, state: started.status, full: await failure(hers.post('deployments', { ...body, name: 'second' })) }
}

const deleted = async () => {
  const shelf = await shelfWith('Ant')
  const { data: [{ id }] } = await api.get('tickets', { params: { filter: { shelf: shelf.id } } })
  const held = await failure(api.delete('shelves', shelf.id))
  const statuses = [(await api.delete('tickets', id)).status, (await api.delete('shelves', shelf.id)).status]
  return { held, statuses, gone: [await failure(api.get(`tickets/${id}`)), await failure(api.get(`shelves/${shelf.id}`))] }
}

const refused = async () => {
  await api.post('tickets', { subject: 'First', serial: 42 })
  const { data: [ticket] } = await api.get('tickets', { params: { page: { size: 1 } } })
  return {
    invalid: await failure(api.post('tickets', { subject: 'no capital', serial: 0, colour: 'red' })),
    taken: await failure(api.post('tickets', { subject: 'Second', serial: 42 })),
    type: await failure(api.request({ method: 'POST', url: 'tickets', type: 'shelves', body: { title: 'A' } })),
    nobody: await failure(client().post('shelves', { title: 'Mine' })),
    wrong: await failure(client(`hoster_${'0'.repeat(64)}`).get('tickets')),
    stranger: await failure(client(bob).get(`tickets/${ticket.id}`)),
    parameter: await failure(api.get('tickets', { params: { sort: 'colour' } }))
  }
}

const steps = { list, pages, included, created, changed, related, moved, accepted, deleted, refused }
const seen = {}
for (const [name, step] of Object.entries(steps)) seen[name] = await step()
console.log(JSON.stringify(seen))
