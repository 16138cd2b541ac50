"""A preview with one of everything, and the same with a stranger's text in every place."""

from __future__ import annotations

from dataclasses import replace

from seedbed.generation.funnel import Funnel, Loss
from seedbed.generation.grow_task import Rejected
from seedbed.generation.preview import LeafPreview, Preview, StudentAnswer, compared
from seedbed.generation.preview_differences import EarlierPreview, Exchange
from seedbed.generation.sample import Provenance, Sample, Stage
from seedbed.generation.seed import Seed
from seedbed.taxonomy.leaf import Kind, Span
from seedbed.teacher.teacher import Message, TeacherIdentity

TEACHER = TeacherIdentity("openai", "mixtral", "41bd4c9e7e4f")
LEAF = "knowledge/harbours/velm"
HOSTILE = (
    "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\"></title></style></section>"
    "<svg onload=\"document.title='pwned'\"><base href=//evil.example>\x1b[2J\u202eevil \u200bhid ``` ~~~ </details>"
    "<meta http-equiv=refresh content='0;url=//evil.example'> @everyone [a](javascript:x) ![i](http://e/x.png) "
    "##[error]x |\r\n::error::x\n# big\n<!-- seedbed preview -->"
)


def shown_sample(stage: Stage, question: str, answer: str, *, held_out: bool = False) -> Sample:
    made = Provenance(
        "b" * 40,
        "d" * 64,
        TEACHER,
        7,
        {"attempt": 3, "max_tokens": 512, "temperature": 0.7},
        f"taxonomy/{LEAF}/velm.md",
        "c" * 40,
        Span(5, 1, 7, 20),
    )
    messages = (Message("user", question), Message("assistant", answer))
    return Sample(LEAF, stage, messages, held_out, made, {"grounded": 0.98, "pair": 3.0})


def full_preview() -> Preview:
    """One leaf with everything, compared with an earlier preview, and one that the teacher refused."""
    crane = "The old crane is kept by Bram. It is painted blue."
    leaf = LeafPreview(
        LEAF,
        f"taxonomy/{LEAF}/qna.yaml",
        "added",
        seeds=(
            Seed("Who keeps the north pier?", "Ada", "The north pier is kept by Ada.", Kind.KNOWLEDGE),
            Seed("What paint is on the old crane?", "blue", crane, Kind.KNOWLEDGE),
        ),
        samples=(
            shown_sample(Stage.KNOWLEDGE_SHORT, "What is the pier made of?", "Iron"),
            shown_sample(Stage.KNOWLEDGE_LONG, "How is a ship moored?", "First call Bram.\n\nThen wait."),
            shown_sample(Stage.KNOWLEDGE_SHORT, "What colour is the ramp?", "Grey", held_out=True),
        ),
        funnels={
            Stage.KNOWLEDGE_SHORT: Funnel(9, 5, 1, {Loss.SEED_COPY: 1, Loss.WRONG: 3}),
            Stage.KNOWLEDGE_LONG: Funnel(2, 1, 0, {Loss.UNFIT_QUESTION: 1}),
        },
        rejected=(
            Rejected(Stage.KNOWLEDGE_SHORT, 3, "Who keeps the northern pier?", None, Loss.SEED_COPY),
            Rejected(Stage.KNOWLEDGE_SHORT, 3, "When was the crane built?", "In 1911.", Loss.WRONG),
        ),
        seed_copies=(("Who keeps the northern pier?", "Who keeps the north pier?"),),
        student_answers=(
            StudentAnswer("Who keeps the north pier?", "Ada", "The harbour master."),
            StudentAnswer("What paint is on the old crane?", "blue", "Blue."),
        ),
        teacher_tokens=20_700,
        student_tokens=300,
        seconds=14.25,
    )
    refused = LeafPreview(
        "foundational_skills/algebra/fractions",
        "taxonomy/foundational_skills/algebra/fractions/qna.yaml",
        "edited",
        problem="the teacher answered 1 of 4 of its seeds rightly",
    )
    preview = Preview(
        "a" * 40,
        "3f9c1e77a0b2" + "0" * 28,
        "merge base with origin/main",
        str(TEACHER),
        "labradorite@9a3f0c2b11de (transformers)",
        "lab",
        (leaf, refused),
        removed=("knowledge/old/leaf",),
        left_out=("knowledge/one/too_many",),
        seconds=21.4,
    )
    kept = Exchange.of(leaf.samples[0])
    gone = Exchange("knowledge_short", "How tall is the crane?", "Twelve metres")
    return compared(preview, EarlierPreview("77aa10c9e2b4" + "0" * 28, {LEAF: (gone, kept)}))


def hostile_preview(text: str = HOSTILE) -> Preview:
    """The same with `text` in every place that a leaf, a model, a path or an earlier preview can fill."""
    preview = full_preview()
    leaf = preview.leaves[0]
    sample = replace(
        leaf.samples[0],
        leaf=text,
        messages=(Message("user", text), Message("assistant", text)),
        provenance=replace(leaf.samples[0].provenance, document_path=text, parameters={text: text}),
        scores={text: 1.0},
    )
    hostile = replace(
        leaf,
        name=f"knowledge/{text}",
        path=text,
        change="edited",
        problem=text,
        samples=(sample,),
        funnels={Stage.COMPOSITIONAL: Funnel(9, 5, 1, {Loss.FAILED: 4}, unanswered={text: 4})},
        seeds=(Seed(text, text, text, Kind.GROUNDED),),
        rejected=(Rejected(Stage.COMPOSITIONAL, 3, text, text, Loss.WRONG),),
        seed_copies=((text, text),),
        student_answers=(StudentAnswer(text, text, text),),
    )
    whole = replace(
        preview,
        rung=text,
        teacher=text,
        student=text,
        recipe=text,
        removed=(text,),
        left_out=(text,),
        student_problem=text,
        leaves=(hostile,),
    )
    return compared(whole, EarlierPreview(text, {hostile.name: (Exchange(text, text, text),)}))
