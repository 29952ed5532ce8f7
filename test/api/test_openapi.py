#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml by the rules of OpenAPI 3.1.0 (sections 4.8.x: which fields an object has, and
of what kind) and of JSON Schema 2020-12, and by our own: every reference leads somewhere, every
operation says who may do it and what it answers, and nothing is there that nothing uses."""

import re
import unittest

import jsonschema
from client import METHODS, Document

# The fields of each kind of object: those that must be there, and all with the kind of what they
# hold. {x}: a map by free names, [x]: a list; "text", "bool" and "any" are values.
OBJECTS = {
    "openapi": ({"openapi", "info", "paths"}, {
        "openapi": "text", "info": "info", "paths": "paths", "servers": ["server"],
        "components": "components", "security": ["security"], "tags": ["tag"],
        "jsonSchemaDialect": "text", "webhooks": {"*": "path"}, "externalDocs": "docs"}),
    "info": ({"title", "version"}, {
        "title": "text", "version": "text", "summary": "text", "description": "text",
        "termsOfService": "text", "contact": "any", "license": "license"}),
    "license": ({"name"}, {"name": "text", "identifier": "text", "url": "text"}),
    "server": ({"url"}, {"url": "text", "description": "text", "variables": "any"}),
    "tag": ({"name"}, {"name": "text", "description": "text", "externalDocs": "docs"}),
    "docs": ({"url"}, {"url": "text", "description": "text"}),
    "components": (set(), {
        "schemas": {"*": "schema"}, "responses": {"*": "response"},
        "parameters": {"*": "parameter"}, "headers": {"*": "header"},
        "requestBodies": {"*": "body"}, "examples": {"*": "any"},
        "securitySchemes": {"*": "scheme"}, "links": {"*": "any"}, "callbacks": {"*": "any"},
        "pathItems": {"*": "path"}}),
    "paths": (set(), {"*": "path"}),
    "path": (set(), {"summary": "text", "description": "text", "parameters": ["parameter"],
                     "servers": ["server"], **{method: "operation" for method in (
                         *METHODS, "options", "head", "trace")}}),
    "operation": ({"responses"}, {
        "tags": ["text"], "summary": "text", "description": "text", "operationId": "text",
        "parameters": ["parameter"], "requestBody": "body", "responses": {"*": "response"},
        "deprecated": "bool", "security": ["security"], "servers": ["server"],
        "externalDocs": "docs", "callbacks": "any"}),
    "parameter": ({"name", "in"}, {
        "name": "text", "in": "text", "description": "text", "required": "bool",
        "deprecated": "bool", "allowEmptyValue": "bool", "style": "text", "explode": "bool",
        "allowReserved": "bool", "schema": "schema", "example": "any", "examples": "any",
        "content": {"*": "media"}}),
    "body": ({"content"}, {"description": "text", "content": {"*": "media"}, "required": "bool"}),
    "media": (set(), {"schema": "schema", "example": "any", "examples": "any", "encoding": "any"}),
    "response": ({"description"}, {"description": "text", "headers": {"*": "header"},
                                   "content": {"*": "media"}, "links": "any"}),
    "header": (set(), {"description": "text", "required": "bool", "deprecated": "bool",
                       "style": "text", "explode": "bool", "schema": "schema", "example": "any",
                       "examples": "any", "content": {"*": "media"}}),
    "scheme": ({"type"}, {"type": "text", "description": "text", "name": "text", "in": "text",
                          "scheme": "text", "bearerFormat": "text", "flows": "any",
                          "openIdConnectUrl": "text"}),
    "security": (set(), {"*": ["text"]}),
}
# The words of JSON Schema 2020-12 (core, applicators, validation, annotations) and OpenAPI's own.
SCHEMA_WORDS = set("""$id $schema $ref $defs $comment allOf anyOf oneOf not if then else
    dependentSchemas prefixItems items contains properties patternProperties
    additionalProperties propertyNames unevaluatedItems unevaluatedProperties type enum const
    multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern
    maxItems minItems uniqueItems
    maxContains minContains maxProperties minProperties required dependentRequired title description
    default deprecated readOnly writeOnly examples format contentEncoding contentMediaType
    contentSchema discriminator xml externalDocs example""".split())
SUBSCHEMAS = ("not", "if", "then", "else", "contains", "items", "additionalProperties",
              "propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema")
BODY_PROBLEMS = {400, 411, 413, 415, 422}


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = Document()
        cls.root = cls.document.root
        cls.operations = list(cls.document.list_operations())
        cls.problems, cls.referred, cls.schemas = [], set(), []
        cls.visit("openapi", cls.root, "#")

    # ---- The objects, from the top

    @classmethod
    def visit(cls, kind, value, place):
        if isinstance(kind, list):
            cls.visit_list(kind[0], value, place)
        elif isinstance(kind, dict):
            cls.visit_map(kind["*"], value, place)
        elif kind in ("text", "bool"):
            if not isinstance(value, str if kind == "text" else bool):
                cls.problems.append(f"{place}: is no {kind}")
        elif kind == "schema":
            cls.visit_schema(value, place)
        elif kind != "any":
            cls.visit_object(kind, value, place)

    @classmethod
    def visit_list(cls, kind, value, place):
        if not isinstance(value, list):
            cls.problems.append(f"{place}: is no list")
            return
        for i, item in enumerate(value):
            cls.visit(kind, item, f"{place}/{i}")

    @classmethod
    def visit_map(cls, kind, value, place):
        if not isinstance(value, dict):
            cls.problems.append(f"{place}: is no map")
            return
        for name, item in value.items():
            if not isinstance(name, str):
                cls.problems.append(f"{place}: the name {name!r} is no text")
            cls.visit(kind, item, f"{place}/{name}")

    @classmethod
    def visit_object(cls, kind, value, place):
        if not isinstance(value, dict):
            cls.problems.append(f"{place}: is no {kind}")
            return
        if "$ref" in value:
            cls.refer(value, place, {"$ref", "summary", "description"})
            return
        required, fields = OBJECTS[kind]
        for name in required - value.keys():
            cls.problems.append(f"{place}: {name} is missing")
        for name, item in value.items():
            if name.startswith("x-"):
                continue
            if name not in fields and "*" not in fields:
                cls.problems.append(f"{place}: a {kind} has no {name}")
            else:
                cls.visit(fields.get(name, fields.get("*")), item, f"{place}/{name}")

    @classmethod
    def refer(cls, value, place, allowed):
        target = value["$ref"]
        if not value.keys() <= allowed:
            cls.problems.append(f"{place}: has more than a reference")
        node = cls.root
        for part in target.removeprefix("#/").split("/"):
            node = node.get(part) if isinstance(node, dict) else None
        if node is None or not target.startswith("#/"):
            cls.problems.append(f"{place}: {target} leads nowhere")
        section, kind = target.split("/")[2], place.split("/")[-2]
        homes = {"responses": "responses", "parameters": "parameters", "headers": "headers"}
        if kind in homes and section != homes[kind] and kind != "properties":
            cls.problems.append(f"{place}: {target} is of another kind")
        cls.referred.add(target)

    @classmethod
    def visit_schema(cls, schema, place):
        if isinstance(schema, bool):
            return
        if not isinstance(schema, dict):
            cls.problems.append(f"{place}: is no schema")
            return
        cls.schemas.append((place, schema))
        for word in schema:
            if word not in SCHEMA_WORDS and not word.startswith("x-"):
                cls.problems.append(f"{place}: {word} is no word of a schema")
        if "$ref" in schema:
            cls.refer(schema, place, SCHEMA_WORDS)
        for word in SUBSCHEMAS:
            if word in schema:
                cls.visit_schema(schema[word], f"{place}/{word}")
        for word in ("allOf", "anyOf", "oneOf", "prefixItems"):
            cls.visit_list("schema", schema.get(word, []), f"{place}/{word}")
        for word in ("properties", "patternProperties", "$defs", "dependentSchemas"):
            cls.visit_map("schema", schema.get(word, {}), f"{place}/{word}")

    def test_objects_are_those_of_openapi(self):
        self.assertRegex(self.root["openapi"], r"^3\.1\.\d+$")
        self.assertEqual(self.problems, [])

    def test_schemas_are_those_of_json_schema(self):
        for place, schema in self.schemas:
            with self.subTest(place):
                jsonschema.Draft202012Validator.check_schema(schema)
                for word in ("pattern",):
                    re.compile(schema.get(word, ""))
                for value in ([schema["default"]] if "default" in schema else []):
                    self.document.check(schema, value)
                for value in schema.get("examples", []):
                    self.document.check(schema, value)
                if schema.get("additionalProperties") is False:
                    self.assertLessEqual(set(schema.get("required", ())),
                                         set(schema.get("properties", ())))

    def test_every_component_is_used(self):
        there = {f"#/components/{section}/{name}" for section, items in
                 self.root["components"].items() if section != "securitySchemes" for name in items}
        self.assertEqual(there - self.referred, set())

    # ---- Operations

    def test_operations_are_told_apart(self):
        ids = [operation.id for operation in self.operations]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertTrue(all(re.fullmatch(r"[a-z][A-Za-z]*", name) for name in ids))
        shapes = [re.sub(r"\{\w+\}", "{}", path) for path in self.root["paths"]]
        self.assertEqual(len(shapes), len(set(shapes)))
        self.assertTrue(all(path.startswith("/") for path in self.root["paths"]))

    def test_operations_say_what_they_are(self):
        tags = [tag["name"] for tag in self.root["tags"]]
        self.assertEqual(len(tags), len(set(tags)))
        used = set()
        for operation in self.operations:
            with self.subTest(operation.id):
                self.assertTrue(operation.spec.get("summary"))
                self.assertFalse(operation.spec["summary"].endswith("."))
                self.assertEqual(len(operation.spec["tags"]), 1)
                used.update(operation.spec["tags"])
                self.assertIn(operation.spec["x-rights"]["for"],
                              ("all", "users", "owner", "member", "admin"))
                self.assertIn(operation.spec["x-rights"]["scope"], ("read", "write", "admin"))
        self.assertEqual(used, set(tags))

    def test_security(self):
        """What is for all needs nothing; all else needs a token or a session."""
        schemes = self.root["components"]["securitySchemes"]
        self.assertEqual(self.root["security"], [{name: []} for name in schemes])
        for operation in self.operations:
            with self.subTest(operation.id):
                self.assertEqual(operation.spec.get("security"),
                                 [] if operation.is_public else None)

    def test_parameters(self):
        for operation in self.operations:
            with self.subTest(operation.id):
                keys = [(parameter["in"], parameter["name"]) for parameter in operation.parameters]
                self.assertEqual(len(keys), len(set(keys)))
                self.assertEqual({name for place, name in keys if place == "path"},
                                 set(re.findall(r"\{(\w+)\}", operation.path)))
                for parameter in operation.parameters:
                    self.assertIn(parameter["in"], ("path", "query", "header"))
                    self.assertIn("schema", parameter)
                    if parameter["in"] == "path":
                        self.assertIs(parameter["required"], True)

    def test_answers(self):
        """Each says what it answers: one success at least, and all of 4xx that can come."""
        for operation in self.operations:
            with self.subTest(operation.id):
                for status in operation.spec["responses"]:
                    self.assertRegex(status, r"^[1-5]\d\d$")
                self.assertTrue(any(status < 300 for status in operation.statuses))
                expected = {400, 429}
                expected |= set() if operation.is_public else {401, 403}
                expected |= BODY_PROBLEMS if operation.has_body else set()
                expected |= {404} if "{" in operation.path else set()
                is_record = {"GET", "PUT", "DELETE"} <= {other.method for other in self.operations
                                                         if other.path == operation.path}
                if is_record and operation.method in ("PUT", "PATCH", "DELETE") and \
                        operation.id not in ("forgetClientState", "assumeClientState"):
                    expected |= {412}
                self.assertEqual(expected - operation.statuses, set())
                if operation.method == "GET" and not operation.has_body:
                    content = self.document.resolve(
                        operation.spec["responses"]["200"]).get("content", {})
                    if "application/json" in content:
                        self.assertIn(304, operation.statuses)

    def test_problems_are_problem_documents(self):
        for operation in self.operations:
            for status in operation.statuses:
                if status < 400:
                    continue
                response = self.document.resolve(operation.spec["responses"][str(status)])
                kinds = response.get("content", {}).keys()
                is_state = operation.id == "getReadiness" and status == 503
                with self.subTest(f"{operation.id} {status}"):
                    self.assertTrue(is_state or kinds == {"application/problem+json"}, kinds)

    def test_bodies(self):
        for operation in self.operations:
            with self.subTest(operation.id):
                self.assertEqual(operation.has_body, operation.method in ("POST", "PUT", "PATCH"))
                if not operation.has_body:
                    continue
                body = self.document.resolve(operation.spec["requestBody"])
                self.assertIs(body["required"], True)
                self.assertIn("application/json", body["content"])


class Checker(unittest.TestCase):
    """The rules above find what is wrong: a few wrong documents."""

    def problems_of(self, change):
        class Wrong(Rules):
            pass
        Wrong.document = Document()
        Wrong.root = Wrong.document.root
        Wrong.problems, Wrong.referred, Wrong.schemas = [], set(), []
        change(Wrong.root)
        Wrong.visit("openapi", Wrong.root, "#")
        return Wrong.problems

    def test_wrong_documents(self):
        def no_info(root):
            del root["info"]

        def field(root):
            root["paths"]["/status"]["get"]["response"] = {}

        def reference(root):
            root["paths"]["/status"]["get"]["responses"]["401"] = {
                "$ref": "#/components/responses/None"}

        def word(root):
            root["components"]["schemas"]["Event"]["propertys"] = {}

        def number(root):
            root["paths"]["/status"]["get"]["responses"][404] = {"description": "x"}
        for change, expected in ((no_info, "info is missing"), (field, "has no response"),
                                 (reference, "leads nowhere"), (word, "no word of a schema"),
                                 (number, "is no text")):
            with self.subTest(change.__name__):
                self.assertIn(expected, " ".join(self.problems_of(change)))


if __name__ == "__main__":
    unittest.main()
