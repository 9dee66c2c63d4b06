"""Parcels with every kind of obstacle that an action can meet."""

from __future__ import annotations

from tests.limits.desk import FILES as LIMITED

FILES = {
    "users": LIMITED["users"],
    "plans": LIMITED["plans"],
    "stamps": """
        access: {read: known}
        attributes: {name: {type: string}}
        relationships: {parcel: {to: parcels}}
    """,
    "parcels": """
        id_prefix: parcel_
        attributes:
          name: {type: string, required: true}
          weight: {type: number}
          shared: {type: boolean, default: false}
          note: {type: string}
          failure: {type: json, set_by: system}
        lifecycle:
          initial: packed
          states:
            packed: {}
            sending: {run: post.send, then: sent, else: packed, within: 1h}
            sent: {}
            filed: {}
            thrown: {final: true, gone: true}
          transitions:
            send:
              from: packed
              to: sending
              description: Give it to the post
              needs: {weight != null: Weigh it first, 'note != "fragile"': It would break}
            mark:
              from: [packed, sent]
              to: packed
              by: user.operator || shared && !(note == "private")
              inputs:
                text: {type: string, required: true, max_length: 9, description: What to write}
                twice: {type: boolean, default: false}
              needs: {'input.text != "" && input.twice': Say it twice}
            file: {from: packed, to: filed}
            lost: {from: '*', to: filed, by: system}
            throw: {from: [packed, sent], to: thrown, confirm: true}
        validations:
          - {rule: 'status != "filed" || name != "secret"', message: Secrets are not filed}
        access: {read: 'owner in user.principals || shared || user.operator'}
        limits:
          boxes: {most: boxes, where: 'status == "filed"', message: The shelf is full}
    """,
}
