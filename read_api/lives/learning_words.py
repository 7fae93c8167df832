"""The words of courses, enrolments, assessments, certificates and what people say of them."""

from collections.abc import Mapping
from typing import Final

from read_api.lives.words import Part, Words, step

COURSE_DETAILS = (
    "description",
    "topic",
    "department",
    "difficulty",
    "language",
    "duration_minutes",
    "department_id",
)
BEGUN = ("enrolled_by", "source", "due_at")

COURSES: Final[Mapping[str, Words]] = {
    "course.created": Words(
        "Course {title} created", keeps=("code", *COURSE_DETAILS, "created_by")
    ),
    "course.details_changed": step("Details of course {title} changed", keeps=COURSE_DETAILS),
    "course.module_added": step(
        "Module {title} added to course {after.title}",
        keeps=(Part("module_titles", "module_id", "title"),),
    ),
    "course.lesson_added": step("Lesson {lesson} added to module {module_id} of course {title}"),
    "course.assessment_added": step("Assessment {assessment_id} added to course {title}"),
    "course.translated": step("Course {title} said in {language:plain}: {texts}"),
    "course.translation_removed": step(
        "Translation of course {title} into {language:plain} removed"
    ),
    "course.published": Words("Version {course_version} of course {title} published"),
    "course.archived": Words("Course {title} archived"),
    "course_surveys.opened": step("List of open surveys about {course_id} begun"),
    "course_surveys.survey_added": step("Survey {survey_id} opened for {course_id}"),
    "course_surveys.survey_removed": step("Survey {survey_id} closed for {course_id}"),
}

ENROLMENTS: Final[Mapping[str, Words]] = {
    "enrollment.created": Words(
        "{learner_id} enrolled in version {course_version} of {course_id}",
        doer="learner_id",
        is_passive=True,
        keeps=BEGUN,
    ),
    "enrollment.reinstated": Words(
        "{learner_id} enrolled again, in version {course_version} of {course_id}",
        doer="learner_id",
        is_passive=True,
        keeps=BEGUN,
    ),
    "enrollment.progress_updated": step(
        "{learner_id} reached {percent} percent of lesson {lesson_id}", doer="learner_id"
    ),
    "enrollment.lesson_completed": Words(
        "{learner_id} completed lesson {lesson_id}", doer="learner_id"
    ),
    "enrollment.assessment_passed": Words(
        "{learner_id} passed {assessment_id} with {score} percent", doer="learner_id"
    ),
    "enrollment.completed": Words(
        "{learner_id} completed version {course_version} of {course_id}", doer="learner_id"
    ),
    "enrollment.withdrawn": Words("Enrolment of {learner_id} in {course_id} withdrawn"),
    "certificate.issued": Words(
        "Certificate {number:plain} issued to {learner_id} for version {course_version} of"
        " {course_title}",
        keeps=("course_title", "course_version", "holder_name", "completed_at"),
    ),
    "certificate.revoked": Words("Certificate {number:plain} of {learner_id} revoked"),
    "notification.created": step("{learner_id} notified: {text_key:words}", keeps=("text_key",)),
    "notification.read": step("{learner_id} read a notification", doer="learner_id"),
}

ASSESSMENTS: Final[Mapping[str, Words]] = {
    "assessment.created": Words("Assessment {title} created in {course_id}", keeps=("created_by",)),
    "assessment.question_added": step("Question {question} added to assessment {title}"),
    "assessment.translated": step("Assessment {title} said in {language:plain}: {texts}"),
    "assessment.translation_removed": step(
        "Translation of assessment {title} into {language:plain} removed"
    ),
    "assessment.published": Words("Assessment {title} published"),
    "attempt.started": step(
        "{learner_id} started attempt {number} at {assessment_id}", doer="learner_id"
    ),
    "attempt.submitted": Words(
        "{learner_id} handed in attempt {number} at {assessment_id}",
        doer="learner_id",
        keeps=("answers",),
    ),
    "attempt.graded": Words(
        "Attempt {number} of {learner_id} at {assessment_id} graded {score} percent"
        " ({passed:passed|not passed})",
        again="Grade of attempt {number} of {learner_id} at {assessment_id} changed from"
        " {before.score} to {score} percent ({passed:passed|not passed})",
        again_when="score",
        machine="graded_by",
        keeps=("points", "max_points", "results", "graded_by"),
    ),
    "attempt_series.opened": step("{learner_id} began with {assessment_id}", doer="learner_id"),
    "attempt_series.attempt_started": step(
        "{learner_id} started attempt {number} at {assessment_id}", doer="learner_id"
    ),
    "attempt_series.attempt_ended": Words(
        "{learner_id} ended attempt {attempts} at {assessment_id}: {passed:passed|not passed}",
        doer="learner_id",
    ),
}

VOICES: Final[Mapping[str, Words]] = {
    "feedback.submitted": Words(
        "{learner_id} gave {course_id} {rating} of 5 stars",
        doer="learner_id",
        keeps=("feedback_text",),
    ),
    "feedback.revised": Words(
        "{learner_id} changed what they said of {course_id}: {rating} of 5 stars",
        doer="learner_id",
        keeps=("feedback_text",),
    ),
    "survey.created": Words("Survey {title} created", keeps=("created_by",)),
    "survey.question_added": step("Question {question} added to survey {title}"),
    "survey.translated": step("Survey {title} said in {language:plain}: {texts}"),
    "survey.translation_removed": step(
        "Translation of survey {title} into {language:plain} removed"
    ),
    "survey.published": Words("Survey {title} opened"),
    "survey.closed": Words("Survey {title} closed"),
    "survey_invitation.sent": Words("{learner_id} invited to survey {survey_id}"),
    "survey_receipt.given": Words(
        "{learner_id} answered survey {survey_id}, anonymously", doer="learner_id"
    ),
    "survey_response.submitted": Words(
        "{learner_id:|Somebody anonymous} answered survey {survey_id}",
        doer="learner_id",
        keeps=("course_id", "answers", "texts"),
    ),
    "testimonial.submitted": Words(
        "{learner_id} wrote a testimonial on {course_id}: {rating} of 5 stars",
        doer="learner_id",
        keeps=("text", "rating", "anonymous"),
    ),
    "testimonial.approved": Words("Testimonial of {learner_id} on {course_id} approved"),
    "testimonial.rejected": Words("Testimonial of {learner_id} on {course_id} rejected"),
    "testimonial.withdrawn": Words(
        "{learner_id} withdrew their testimonial on {course_id}", doer="learner_id"
    ),
}
