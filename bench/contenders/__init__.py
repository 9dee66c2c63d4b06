"""The servers that do the same work: how each is started, filled and asked."""

from __future__ import annotations

from bench.contenders.contender import Contender
from bench.contenders.floor import Floor
from bench.contenders.hoster import Hoster
from bench.contenders.pocketbase import PocketBase

CONTENDERS: dict[str, Contender] = {each.name: each for each in (PocketBase(), Floor("normal"), Floor("full"), Hoster())}
