"""Definitions that use every part of the language which decides who learns what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.commands.registry import Problem, Registry


def registry() -> Registry:
    """With a check that finds fault with every layout that is there already, and repeats it."""

    def layout(value: Any, row: Mapping[str, Any]) -> Sequence[Problem]:
        return [] if row["id"] is None else [Problem(f"{value} will not do")]

    return Registry(checkers={"folders.layout": layout})


FILES = {
    "plans": """
        id_prefix: plan_
        owner: none
        attributes:
          name: {type: slug, required: true, unique: true}
          title: {type: string}
          boxes: {type: integer, minimum: 0, default: 3}
          cost: {type: integer, read: operator}
        access: {read: known}
        view: {title: title, order: name}
    """,
    "users": """
        identity: true
        id_prefix: user_
        limited_by: plan
        attributes:
          email: {type: email, required: true, unique: true}
          name: {type: string}
          bio: {type: text, read: operator}
          operator: {type: boolean, default: false, set_by: system}
        relationships:
          plan: {to: plans, set_by: system, on_delete: set_null, default: {name: free}}
          inviter: {to: users, on_delete: set_null, read: id in user.principals, set_by: system}
        access: {create: operator, delete: operator}
    """,
    "folders": """
        id_prefix: fold_
        attributes:
          name: {type: string, required: true, max_length: 60}
          slug: {type: slug, computed: slugify(name), unique: true}
          public: {type: boolean, default: false}
          budget: {type: integer, read: owner}
          memo: {type: string, read: owner, write: operator}
          key: {type: secret}
          vault: {type: json, secret: true, default: {}}
          layout: {type: json, read: owner, check: folders.layout}
          colour: {type: string, check: folders.colour}
        relationships:
          above: {to: folders, on_delete: cascade, reverse: below}
          twin: {to: folders, on_delete: set_null, reverse: twins}
        access:
          read: owner in user.principals || public || user.operator
          usable: owner in user.principals || public && budget != null
          update: owner in user.principals || public && user.known
        view: {order: -name, filter: [public], sort: [name]}
    """,
    "tickets": """
        id_prefix: tick_
        owner: customer
        attributes:
          subject: {type: string, required: true, min_length: 3, max_length: 80}
          code: {type: slug, unique: owner}
          serial: {type: integer, minimum: 1, unique: [folder]}
          level: {type: enum, values: [low, high], default: low}
          labels: {type: json, schema: {type: array, items: {type: string}}, default: []}
          notes: {type: json, check: tickets.notes}
          price: {type: money, currency: EUR}
          inner: {type: text, read: "user.operator || folder.public && level == 'high'"}
          hours: {type: integer, minimum: 0, default: 1}
          shared: {type: boolean, default: false}
          home: {type: url}
          failure: {type: json, set_by: system, read: owner}
        relationships:
          customer: {to: users, on_delete: restrict, read: "user.operator || customer in user.principals"}
          folder: {to: folders, required: true, on_delete: restrict, reverse: tickets}
          spare: {to: folders, on_delete: set_null, reverse: spares}
          before: {to: tickets, on_delete: set_null, reverse: after}
          judge: {to: users, on_delete: set_null, read: operator}
        lifecycle:
          initial: open
          states:
            open: {}
            working: {run: tickets.work, then: solved, else: open, within: 1h}
            solved: {}
            closed: {final: true, gone: true}
          transitions:
            take: {from: open, to: working, by: user.operator || folder.public && user.known}
            solve: {from: working, to: solved, by: system}
            reopen:
              from: solved
              to: open
              needs: {'inner == null': It is settled, 'input.reason != null': Say why}
              inputs: {reason: {type: string, max_length: 200}}
            close: {from: '*', to: closed, by: known}
        validations:
          - {rule: 'level != "high" || hours < 900000000', message: Too long, attribute: hours}
        access:
          read: customer in user.principals || user.operator || shared && status != "open" || folder.public
          update: customer in user.principals || shared && user.known
          delete: customer in user.principals || shared && user.known
        limits:
          tickets: {most: boxes, where: 'status != "solved"', message: You have enough}
          hours: {most: boxes, total: hours, unless: user.operator}
        reads:
          log: {from: tickets.log, params: {tail: {type: integer, minimum: 1, default: 10}}}
          lines: {from: tickets.lines, stream: true}
        view: {order: subject}
    """,
    "stamps": """
        id_prefix: stamp_
        attributes:
          name: {type: string}
          seal: {type: token, prefix: stamp_}
          until: {type: timestamp, required: true}
        relationships:
          ticket: {to: tickets, required: true, on_delete: restrict, reverse: stamps}
          folder: {to: folders, on_delete: restrict}
        access: {read: 'owner in user.principals || until > now && ticket.level == "high"', delete: known}
    """,
    "diaries": """
        id_prefix: diary_
        attributes: {text: {type: text, required: true}, mood: {type: hostname, unique: true}}
        relationships:
          folder: {to: folders, on_delete: set_null}
          ticket: {to: tickets, on_delete: cascade, write: operator}
        validations:
          - {rule: 'old.id == null || folder != null', message: A diary stays in its folder, attribute: text}
    """,
    "drops": """
        id_prefix: drop_
        owner: none
        attributes: {text: {type: string, required: true}, size: {type: number}}
        relationships: {ticket: {to: tickets, on_delete: set_null, reverse: false}}
        access: {read: operator, create: known, update: nobody, delete: operator}
    """,
    "stars": """
        id_prefix: star_
        owner: none
        attributes: {name: {type: semver, required: true}, when: {type: timestamp}}
        access: {read: public, create: public}
    """,
}
