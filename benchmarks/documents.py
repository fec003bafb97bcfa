"""Documents in the shapes that services really send, made by a seeded generator.

Nothing is copied from anywhere: every name, text and number is invented here, after the shape (nesting, keys, string
lengths, kinds of numbers, white space) of the documents that JSON codecs are usually compared on. The same bytes come
out on every machine and Python version: the only source of chance is ``random.Random(seed).random()``, the one method
whose sequence the standard library promises to keep, and no arithmetic goes through the platform's C library beyond
``+ - * /``.

``documents()`` gives the documents, about 10 KB to 2 MB; ``messages()`` the small messages of a few bytes to half a
kilobyte, which are measured per call rather than per byte.
"""

from __future__ import annotations

import functools
import json
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

CONSONANTS = ("b", "ch", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "sh", "t", "v", "w", "y", "z", "br", "st")
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
# Latin-1, as in the names of halls and seats of a French theatre.
ACCENTED = ("é", "è", "ê", "ç", "à", "ô", "ï", "û")
HIRAGANA = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんがぎぐげござじずぜ"
    "ぞだでどばびぶべぼっゃゅょ"
)
KATAKANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンガギグゲゴザジズゼゾ"
    "ダデドバビブベボパピプペポッャュョー"
)
KANJI = (
    "日月火水木金土山川田人口目耳手足力男女子学校生先文字本名年時分今何行来見聞食飲読書話買入出立休高安新古長白赤青"
    "大小中上下左右前後東西南北国語外車電気天雨花空海魚犬鳥"
)
PUNCTUATION = "、。！？…「」・"
SYMBOLS = "♪★☆♡✨☀"
EMOJI = "😀😂😊😍😭🙏🎉🔥🍜🐈🌸🚀"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Draw:
    """Draws numbers, names and texts by chance, the same for the same seed everywhere."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed).random

    def between(self, low: int, high: int) -> int:
        """An int from ``low`` to ``high``, both included."""
        return low + int(self.random() * (high - low + 1))

    def real(self, low: float, high: float) -> float:
        return low + self.random() * (high - low)

    def chance(self, share: float) -> bool:
        return self.random() < share

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.random() * len(items))]

    def digits(self, count: int) -> int:
        """An int of ``count`` decimal digits (at most 15 of them drawn: a double holds no more)."""
        head = min(count, 15)
        number = self.between(10 ** (head - 1), 10**head - 1)
        return number if count == head else number * 10 ** (count - head) + self.between(0, 10 ** (count - head) - 1)

    def hexadecimal(self, count: int) -> str:
        return "".join(self.pick("0123456789abcdef") for _ in range(count))

    def token(self, count: int) -> str:
        return "".join(self.pick("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(count))

    def word(self, accents: float = 0.0) -> str:
        """An invented Latin word of two to eight letters or so; each syllable is accented with the given chance."""
        syllables = []
        for _ in range(self.between(1, 3)):
            vowel = self.pick(ACCENTED) if accents and self.chance(accents) else self.pick(VOWELS)
            syllables.append(self.pick(CONSONANTS) + vowel)
        return "".join(syllables)

    def words(self, low: int, high: int, accents: float = 0.0) -> str:
        return " ".join(self.word(accents) for _ in range(self.between(low, high)))

    def title(self, low: int, high: int, accents: float = 0.0) -> str:
        return self.words(low, high, accents).capitalize()

    def japanese(self, low: int, high: int, emoji: float = 0.0) -> str:
        """Japanese-looking text of ``low`` to ``high`` characters, ended by an emoji with the given chance."""
        length = self.between(low, high)
        text: list[str] = []
        while len(text) < length:
            script = self.pick((HIRAGANA, HIRAGANA, HIRAGANA, KATAKANA, KANJI, KANJI))
            text.extend(self.pick(script) for _ in range(self.between(1, 5)))
            if self.chance(0.15):
                text.append(self.pick(PUNCTUATION))
            elif self.chance(0.03):
                text.append(self.pick(SYMBOLS))
        del text[length:]
        if self.chance(emoji):
            text.append(self.pick(EMOJI))
        return "".join(text)

    def date(self) -> str:
        """A date as e-mail writes it, 30 characters."""
        clock = f"{self.between(0, 23):02d}:{self.between(0, 59):02d}:{self.between(0, 59):02d}"
        day = f"{self.pick(WEEKDAYS)} {self.pick(MONTHS)} {self.between(1, 28):02d}"
        return f"{day} {clock} +0000 {self.between(2012, 2025)}"

    def stamp(self) -> str:
        """A date as ISO 8601 writes it, 20 characters."""
        day = f"2025-{self.between(1, 12):02d}-{self.between(1, 28):02d}"
        return f"{day}T{self.between(0, 23):02d}:{self.between(0, 59):02d}:{self.between(0, 59):02d}Z"


# --- social feed ---------------------------------------------------------------------------------------------------


def _account(draw: Draw) -> dict[str, Any]:
    number = draw.digits(draw.between(8, 10))
    handle = draw.word() + str(draw.between(0, 9999))
    theme = draw.between(1, 18)
    picture = f"images.example.net/profile/{draw.digits(18)}/{draw.token(8)}_normal.jpeg"
    link = f"http://s.example.com/{draw.token(10)}" if draw.chance(0.3) else None
    links = (
        [
            {
                "url": link,
                "expanded_url": f"http://{draw.word()}.example.org/{draw.word()}",
                "display_url": f"{draw.word()}.example.org/{draw.word()}",
                "indices": [0, 22],
            }
        ]
        if link
        else []
    )
    account: dict[str, Any] = {
        "id": number,
        "id_string": str(number),
        "name": draw.japanese(3, 12, 0.05) if draw.chance(0.85) else draw.title(1, 2),
        "handle": handle,
        "location": draw.japanese(2, 8) if draw.chance(0.6) else "",
        "description": draw.japanese(40, 160, 0.15) if draw.chance(0.9) else draw.words(4, 14),
        "url": link,
        "entities": {"description": {"urls": []}, "url": {"urls": links}},
        "is_protected": False,
        "follower_count": draw.between(0, 4000),
        "following_count": draw.between(0, 3000),
        "listed_count": draw.between(0, 90),
        "created_at": draw.date(),
        "favourite_count": draw.between(0, 20000),
        "utc_offset": 32400 if draw.chance(0.3) else None,
        "time_zone": "Tokyo" if draw.chance(0.3) else None,
        "geo_enabled": draw.chance(0.4),
        "is_verified": draw.chance(0.02),
        "post_count": draw.between(10, 90000),
        "language": "ja" if draw.chance(0.9) else "en",
        "contributors_enabled": False,
        "is_translator": False,
        "translation_enabled": False,
        "profile_background_color": draw.pick(("C0DEED", "000000", "FFFFFF", "131516", "B2DFDA")),
        "profile_background_image_url": f"http://images.example.net/themes/theme{theme}/background.png",
        "profile_background_image_url_https": f"https://images.example.net/themes/theme{theme}/background.png",
        "profile_background_tile": draw.chance(0.2),
        "profile_image_url": "http://" + picture,
        "profile_image_url_https": "https://" + picture,
        "profile_banner_url": f"https://images.example.net/banners/{number}/{draw.digits(10)}",
        "profile_link_color": draw.pick(("0084B4", "009999", "DD2E44", "038543", "FF0000")),
        "profile_sidebar_border_color": draw.pick(("C0DEED", "FFFFFF", "000000", "EEEEEE")),
        "profile_sidebar_fill_color": draw.pick(("DDEEF6", "EFEFEF", "F6F6F6")),
        "profile_text_color": draw.pick(("333333", "000000", "666666")),
        "uses_background_image": draw.chance(0.9),
        "has_default_profile": draw.chance(0.4),
        "has_default_profile_image": False,
        "is_following": False,
        "follow_request_sent": False,
        "notifications": False,
    }
    return account


def _post(draw: Draw, authors: Sequence[dict[str, Any]], original: dict[str, Any] | None) -> dict[str, Any]:
    number = draw.digits(18)
    author = draw.pick(authors)
    other = draw.pick(authors)
    reply = original is None and draw.chance(0.2)
    if original is not None:
        text = f"RP @{original['author']['handle']}: {original['text']}"[:140]
    elif draw.chance(0.9):
        text = "\n".join(draw.japanese(20, 70, 0.15) for _ in range(draw.between(1, 3)))
    else:
        text = draw.words(5, 20)
    client = draw.pick(("iPhone", "Android", "Web Client", "iPad", "Desktop"))
    mentions = [
        {"handle": a["handle"], "name": a["name"], "id": a["id"], "id_string": a["id_string"], "indices": [0, 9]}
        for a in ([original["author"]] if original else [other] if reply else [])
    ]
    links: list[dict[str, Any]] = []
    media: list[dict[str, Any]] = []
    if draw.chance(0.25):
        where = f"{draw.word()}.example.org/{draw.word()}/{draw.digits(6)}"
        at = draw.between(10, 110)
        links = [
            {
                "url": f"http://s.example.com/{draw.token(10)}",
                "expanded_url": "http://" + where,
                "display_url": where,
                "indices": [at, at + 22],
            }
        ]
    if draw.chance(0.15):
        picture = f"images.example.net/media/{draw.token(15)}.jpg"
        medium = draw.digits(18)
        sizes = {
            name: {"width": draw.between(150, 1024), "height": draw.between(150, 1024), "resize": how}
            for name, how in (("medium", "fit"), ("small", "fit"), ("thumb", "crop"), ("large", "fit"))
        }
        media = [
            {
                "id": medium,
                "id_string": str(medium),
                "indices": [draw.between(20, 100), 139],
                "media_url": "http://" + picture,
                "media_url_https": "https://" + picture,
                "url": f"http://s.example.com/{draw.token(10)}",
                "display_url": f"pic.example.com/{draw.token(10)}",
                "expanded_url": f"http://social.example.com/{author['handle']}/status/{number}/photo/1",
                "type": "photo",
                "sizes": sizes,
            }
        ]
    tags = (
        [{"text": draw.japanese(3, 8), "indices": [draw.between(0, 60), draw.between(61, 120)]}]
        if draw.chance(0.3)
        else []
    )
    post: dict[str, Any] = {
        "metadata": {"result_type": "recent", "iso_language_code": "ja"},
        "created_at": draw.date(),
        "id": number,
        "id_string": str(number),
        "text": text,
        "source": f'<a href="http://clients.example.com/download/{client.lower()}" rel="nofollow">for {client}</a>',
        "is_truncated": False,
        "in_reply_to_post_id": draw.digits(18) if reply else None,
        "in_reply_to_post_id_string": str(draw.digits(18)) if reply else None,
        "in_reply_to_account_id": other["id"] if reply else None,
        "in_reply_to_account_id_string": other["id_string"] if reply else None,
        "in_reply_to_handle": other["handle"] if reply else None,
        "author": author,
        "geo": None,
        "coordinates": None,
        "place": None,
        "contributors": None,
    }
    if original is not None:
        post["repeated_post"] = original
    post |= {
        "repeat_count": draw.between(0, 300),
        "favourite_count": draw.between(0, 300),
        "entities": {"tags": tags, "symbols": [], "links": links, "mentions": mentions, "media": media},
        "is_favourite": False,
        "is_repeated": False,
        "possibly_sensitive": False,
        "language": "ja",
    }
    return post


def _feed(posts: int) -> dict[str, Any]:
    draw = Draw(1)
    authors = [_account(draw) for _ in range(max(4, posts))]
    # A popular post is repeated by several: its text and author stand in the document several times over.
    originals = [_post(draw, authors, None) for _ in range(max(2, posts // 2))]
    feed = [_post(draw, authors, draw.pick(originals) if draw.chance(0.7) else None) for _ in range(posts)]
    search = {"completed_in": 0.087, "max_id": draw.digits(18), "query": "%E4%B8%80", "count": posts, "since_id": 0}
    return {"posts": feed, "search_metadata": search}


def social() -> str:
    """A search result of a social network, pretty-printed with two spaces (a quarter of the bytes is white space).

    Depth 10. About 90 distinct keys of 2 to 34 characters (mean 12), which with their quotes are 40% of the bytes that
    are not white space. Strings of 0 to 200 characters: ids, dates, URLs, colours, and one in eight not ASCII: Japanese
    names, descriptions and posts, one in eight of these with an emoji beyond the BMP; a fifth of the bytes are not
    ASCII. Four in five strings stand there more than once. Escapes: the quotes of one HTML link a post, and line
    breaks. Numbers are few, ints of 1 to 18 digits; a third of the values is null, true or false.
    """
    return json.dumps(_feed(100), ensure_ascii=False, indent=2)


def social_escaped() -> str:
    """The same feed as an ASCII-only encoder sends it: no white space, every character beyond ASCII as \\uXXXX.

    One string in eight is mostly escapes, six bytes a character, twelve for an emoji.
    """
    return json.dumps(_feed(100), separators=(",", ":"))


def social_page() -> str:
    """The first posts of such a feed, compact, as a client asks for them: 10 KB."""
    return json.dumps(_feed(2), ensure_ascii=False, separators=(",", ":"))


# --- catalog -------------------------------------------------------------------------------------------------------


def catalog() -> str:
    """A theatre's programme: tables of records under ids, pretty-printed with four spaces (70% is white space).

    Depth 8. Half of the bytes that are not white space are keys: 10 short names, said thousands of times, and some
    300 ids of 9 digits that key the tables. Strings are few, 4 to 50 characters, one in seven with accents (Latin-1).
    Numbers are ints only, most of 9 digits, dates of 13. Many empty lists, small lists of small objects, null.
    """
    draw = Draw(2)

    def ids(count: int) -> list[int]:
        return [draw.digits(9) for _ in range(count)]

    def names(keys: Sequence[int], low: int, high: int, accents: float) -> dict[str, str]:
        return {str(key): draw.title(low, high, accents) for key in keys}

    areas, seats, subtopics, topics, audience = ids(18), ids(64), ids(20), ids(4), draw.digits(9)
    events = ids(190)

    def performance(event: int) -> dict[str, Any]:
        kinds = [draw.pick(seats) for _ in range(draw.between(1, 5))]
        return {
            "eventId": event,
            "id": draw.digits(9),
            "logo": f"/images/{draw.word()}/{draw.token(12)}.png" if draw.chance(0.5) else None,
            "name": None,
            "prices": [
                {"amount": draw.between(20, 200) * 500, "audienceSubCategoryId": audience, "seatCategoryId": kind}
                for kind in kinds
            ],
            "seatCategories": [
                {
                    "areas": [{"areaId": draw.pick(areas), "blockIds": []} for _ in range(draw.between(4, 21))],
                    "seatCategoryId": kind,
                }
                for kind in kinds
            ],
            "seatMapImage": None,
            "start": 1_400_000_000_000 + draw.between(0, 20_000) * 900_000,
            "venueCode": "GRANDE_SALLE",
        }

    programme = {
        "areaNames": names(areas, 2, 4, 0.3),
        "audienceSubCategoryNames": {str(audience): "Abonné"},
        "blockNames": {},
        "events": {
            str(event): {
                "description": None,
                "id": event,
                "logo": f"/images/{draw.word()}/{draw.token(20)}.png" if draw.chance(0.6) else None,
                "name": draw.title(2, 6, 0.06),
                "subTopicIds": [draw.pick(subtopics) for _ in range(draw.between(1, 4))],
                "subjectCode": None,
                "subtitle": None,
                "topicIds": [draw.pick(topics) for _ in range(draw.between(1, 3))],
            }
            for event in events
        },
        "performances": [performance(draw.pick(events)) for _ in range(250)],
        "seatCategoryNames": names(seats, 1, 3, 0.3),
        "subTopicNames": names(subtopics, 1, 3, 0.1),
        "subjectNames": {},
        "topicNames": names(topics, 1, 2, 0.1),
        "topicSubTopics": {str(topic): [draw.pick(subtopics) for _ in range(draw.between(1, 9))] for topic in topics},
        "venueNames": {"GRANDE_SALLE": "Grande salle"},
    }
    return json.dumps(programme, ensure_ascii=False, indent=4)


# --- coordinates ---------------------------------------------------------------------------------------------------


def geo() -> str:
    """The border of a country with its islands, in GeoJSON: 480 rings of pairs of doubles, without white space.

    Depth 7, a handful of keys and strings. 90% of the bytes are digits: 110,000 doubles, 2 or 3 digits before the
    point, written with ``%.17g`` as many programs do: most need all of 16 or 17 significant digits, though they were
    measured to 6 decimals. One list for each pair.
    """
    draw = Draw(3)
    rings = []
    for index in range(480):
        x, y = draw.real(-140.0, -55.0), draw.real(42.0, 82.0)
        # Few islands are large: the lengths fall off as the square of a uniform draw.
        length = 14_000 if index == 0 else 8 + int(290 * draw.random() * draw.random())
        points = []
        for _ in range(length):
            x += draw.real(-0.02, 0.02)
            y += draw.real(-0.01, 0.01)
            # A few units in the last place off: where the number came from, it had been converted once too often.
            off_x, off_y = draw.between(-4, 4) * 2.0**-46, draw.between(-4, 4) * 2.0**-47
            points.append(f"[{round(x, 6) + off_x:.17g},{round(y, 6) + off_y:.17g}]")
        points.append(points[0])
        rings.append("[" + ",".join(points) + "]")
    head = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"Norland"},'
    return head + '"geometry":{"type":"Polygon","coordinates":[' + ",".join(rings) + "]}}]}"


# --- events --------------------------------------------------------------------------------------------------------


def _event(draw: Draw) -> dict[str, Any]:
    login = draw.word() + draw.word()
    place = f"{login}/{draw.word()}-{draw.word()}"
    kind = draw.pick(("PushEvent", "PushEvent", "CommentEvent", "CreateEvent", "WatchEvent", "ForkEvent"))
    payload: dict[str, Any]
    if kind == "PushEvent":
        commits = [
            {
                "url": f"https://api.example.com/repositories/{place}/commits/{sha}",
                "message": draw.title(3, 12) + ("\r\n\r\n" + draw.title(6, 30) if draw.chance(0.3) else ""),
                "distinct": True,
                "sha": sha,
                "author": {"email": f"{login}@example.org", "name": draw.title(2, 2)},
            }
            for sha in (draw.hexadecimal(40) for _ in range(draw.between(1, 3)))
        ]
        payload = {
            "commits": commits,
            "distinct_size": len(commits),
            "ref": "refs/heads/main",
            "push_id": draw.digits(9),
            "head": draw.hexadecimal(40),
            "before": draw.hexadecimal(40),
            "size": len(commits),
        }
    elif kind == "CommentEvent":
        number = draw.digits(8)
        issue = f"https://api.example.com/repositories/{place}/issues/{draw.between(1, 900)}"
        author = {
            "url": f"https://api.example.com/accounts/{login}",
            "login": login,
            "id": draw.digits(6),
            "avatar_id": draw.hexadecimal(32),
            "type": "User",
            "followers_url": f"https://api.example.com/accounts/{login}/followers",
            "organizations_url": f"https://api.example.com/accounts/{login}/organizations",
        }
        payload = {
            "action": "created",
            "comment": {
                "url": issue + f"/comments/{number}",
                "id": number,
                "author": author,
                "body": "\r\n\r\n".join(draw.title(8, 30) + "." for _ in range(draw.between(1, 4))),
                "created_at": draw.stamp(),
                "updated_at": draw.stamp(),
            },
            "issue": {
                "url": issue,
                "labels_url": issue + "/labels{/name}",
                "title": draw.title(3, 9),
                "state": "open",
                "milestone": None,
                "assignee": None,
                "author": author,
                "labels": [],
                "comments": draw.between(0, 40),
                "closed_at": None,
            },
        }
    elif kind == "CreateEvent":
        payload = {"description": draw.title(3, 14), "main_branch": "main", "ref": None, "ref_type": "repository"}
    elif kind == "ForkEvent":
        keys = ("forks", "keys", "teams", "hooks", "events", "branches", "tags", "blobs", "trees", "merges", "stars")
        payload = {
            "fork": {f"{key}_url": f"https://api.example.com/repositories/{place}/{key}" for key in keys}
            | {"name": place.split("/")[1], "full_name": place, "private": False, "fork": True, "size": 108}
        }
    else:
        payload = {"action": "started"}
    return {
        "type": kind,
        "created_at": draw.stamp(),
        "actor": {
            "avatar_id": draw.hexadecimal(32),
            "login": login,
            "avatar_url": f"https://avatars.example.com/{draw.hexadecimal(32)}?d=https://static.example.com%2Fimages"
            "%2Favatars%2Faccount-420.png&size=128&rating=general",
            "url": f"https://api.example.com/accounts/{login}",
            "id": draw.digits(6),
        },
        "repository": {"url": f"https://api.example.com/repositories/{place}", "id": draw.digits(7), "name": place},
        "public": True,
        "payload": payload,
        "id": str(draw.digits(10)),
    }


def events() -> str:
    """The latest events of a code host's API, pretty-printed with two spaces (a sixth is white space).

    Depth 6. Strings are 93% of the bytes that are not white space: URLs, hashes, messages of 10 to 400 characters with
    line breaks, all ASCII, hardly one twice. Keys are a fifth, of 2 to 17 characters. Few ints, no float.
    """
    draw = Draw(4)
    return json.dumps([_event(draw) for _ in range(45)], indent=2)


# --- mesh ----------------------------------------------------------------------------------------------------------


def mesh() -> str:
    """A 3-D model: flat lists of floats and ints, a space after each comma.

    Depth 4, a dozen keys, no string values. 88% of the bytes that are not white space are numbers: 32,000 single
    precision floats written with 12 significant digits, 0 and 1 among them, and 41,000 ints, most of 1 to 4 digits
    (indices) and some of 10 (colours).
    """
    draw = Draw(5)

    def single(number: float) -> str:
        text = f"{struct.unpack('<f', struct.pack('<f', number))[0]:.12g}"
        return text if "." in text or "e" in text else text + ".0"

    rows, columns = 60, 60
    positions: list[str] = []
    normals: list[str] = []
    texture: list[str] = []
    for row in range(rows):
        height = row / (rows - 1)
        for column in range(columns):
            # The unit circle by its rational parametrisation: sines differ from one C library to the next.
            t = 4 * column / (columns - 1) - 2
            cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
            bump = 1 + draw.real(-0.02, 0.02)
            positions += [single(cosine * bump), single(2.5 * height), single(sine * bump)]
            normals += [single(cosine), single(draw.real(-0.1, 0.1)), single(sine)]
            texture += [single(column / (columns - 1)), single(height)]
    influences = [
        f"[{single(1.0 if draw.chance(0.5) else draw.random())}, {draw.between(0, 22)}]" for _ in range(rows * columns)
    ]
    indices: list[str] = []
    for row in range(rows - 1):
        for column in range(columns - 1):
            corner = row * columns + column
            below = corner + columns
            indices += map(str, (corner, corner + 1, below, below, corner + 1, below + 1))
    indices += indices[: 33_408 - len(indices)]
    colors = [draw.pick(("4278190080", "4294967295")) for _ in range(rows * columns)]
    lists = {
        "positions": positions,
        "tex0": texture,
        "colors": colors,
        "influences": influences,
        "normals": normals,
        "indices": indices,
    }
    batch = f'{{"indexRange": [0, {len(indices)}], "vertexRange": [0, {rows * columns}], "usedBones": [22]}}'
    body = ", ".join(f'"{name}": [{", ".join(numbers)}]' for name, numbers in lists.items())
    return f'{{"batches": [{batch}], "morphTargets": {{}}, {body}}}'


# --- messages ------------------------------------------------------------------------------------------------------


def _call(draw: Draw, number: int) -> dict[str, Any]:
    params: Any = {
        "account": draw.digits(8),
        "fields": [draw.word() for _ in range(draw.between(1, 4))],
        "dry_run": draw.chance(0.5),
        "limit": draw.between(1, 100),
    }
    if draw.chance(0.3):
        params = [draw.word(), draw.between(0, 1000), None, round(draw.real(0, 100), 2)]
    return {"jsonrpc": "2.0", "method": f"{draw.word()}.{draw.word()}", "params": params, "id": number}


def _answer(draw: Draw, number: int) -> dict[str, Any]:
    if draw.chance(0.1):
        return {"jsonrpc": "2.0", "error": {"code": -32602, "message": "Invalid params", "data": None}, "id": number}
    result = {
        "id": draw.digits(8),
        "name": draw.title(2, 2),
        "email": f"{draw.word()}@example.com",
        "active": True,
        "balance": round(draw.real(0, 5000), 2),
        "tags": [draw.word() for _ in range(draw.between(0, 3))],
        "updated_at": draw.stamp(),
    }
    return {"jsonrpc": "2.0", "result": result, "id": number}


def rpc() -> str:
    """A JSON-RPC 2.0 batch of calls and answers, compact: 10 KB.

    Depth 4, 18 distinct keys of 2 to 10 characters, short ASCII strings, ints of 1 to 8 digits, amounts with two
    decimals, true, false and null.
    """
    draw = Draw(6)
    batch = [(_answer if draw.chance(0.5) else _call)(draw, number) for number in range(1, 81)]
    return json.dumps(batch, separators=(",", ":"))


def messages() -> dict[str, bytes]:
    """Single messages by name, from 1 byte to half a kilobyte: what queues and RPC servers handle by the million."""
    draw = Draw(7)
    task = {
        "id": f"{draw.hexadecimal(8)}-{draw.hexadecimal(4)}-{draw.hexadecimal(4)}-{draw.hexadecimal(12)}",
        "task": "orders.tasks.send_receipt",
        "args": [draw.digits(8)],
        "kwargs": {"locale": "fr", "retry": False},
        "headers": {
            "lang": "py",
            "retries": 0,
            "eta": None,
            "expires": None,
            "timelimit": [None, 30],
            "origin": f"gen{draw.digits(5)}@worker-3",
            "root_id": draw.hexadecimal(32),
        },
        "body": {"customer": draw.title(2, 2), "city": "Orléans", "total": 118.5, "paid": True},
    }
    plain = {
        "number": 1,
        "empty": {},
        "pair": {"a": 1},
        "rpc call": {"jsonrpc": "2.0", "id": 17, "method": "get", "params": ["k1", True, None]},
        "record": _answer(draw, 18)["result"],
        "task": task,
    }
    return {
        name: json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() for name, message in plain.items()
    }


# --- growth --------------------------------------------------------------------------------------------------------


@functools.cache
def _pool() -> list[dict[str, Any]]:
    draw = Draw(8)
    return [
        {
            "name": draw.title(2, 2, 0.05),
            "email": f"{draw.word()}@example.com",
            "active": draw.chance(0.8),
            "score": round(draw.real(0, 100), 1),
            "balance": draw.real(-1000, 1000),
            "visits": draw.between(0, 9999),
            "tags": [draw.word() for _ in range(draw.between(0, 4))],
            "note": draw.words(0, 12) or None,
            "address": {
                "city": draw.title(1, 1, 0.1),
                "zip": str(draw.digits(5)),
                "land": draw.pick(("fr", "de", "pl")),
            },
        }
        for _ in range(512)
    ]


def growing(size: int) -> bytes:
    """A list of records, compact, of about ``size`` bytes: the document whose length grows.

    Depth 3, 13 distinct keys; 512 records by chance, said again and again under new ids. Half of the bytes are strings
    (4% of them with an accent), a sixth numbers, among them one double of 16 or 17 digits and one of 3 a record.
    """
    texts = [json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()[1:] for record in _pool()]
    parts: list[bytes] = []
    length = 2
    while length < size:
        part = b'{"id":%d,' % (10_000_000 + len(parts)) + texts[len(parts) % len(texts)]
        parts.append(part)
        length += len(part) + 1
    return b"[" + b",".join(parts) + b"]"


def growing_value(size: int) -> list[dict[str, Any]]:
    """What ``growing(size)`` decodes to, put together without decoding: every dict and list is new."""
    pool = _pool()
    lengths = [len(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()) for record in pool]
    records: list[dict[str, Any]] = []
    length = 2
    while length < size:
        index = len(records) % len(pool)
        record = pool[index]
        fresh = {"tags": list(record["tags"]), "address": dict(record["address"])}
        records.append({"id": 10_000_000 + len(records)} | record | fresh)
        length += lengths[index] + len(b'"id":10000000,') + 1
    return records


SHAPES: dict[str, Callable[[], str]] = {
    "rpc": rpc,
    "social_page": social_page,
    "events": events,
    "social_escaped": social_escaped,
    "social": social,
    "mesh": mesh,
    "catalog": catalog,
    "geo": geo,
}


def documents() -> dict[str, bytes]:
    """Every document by name, as UTF-8, smallest first."""
    return {name: make().encode() for name, make in SHAPES.items()}
